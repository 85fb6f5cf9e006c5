/** The page that somebody opens at night: it has every alert by its name, lines that are written, and every metric. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as instruments from '../../src/core/instruments.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const page = read('docs/alerts.md');
const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);

test('every alert of the deployment has its part', () => {
  const alerts = read('infra/alerts.bicep');
  const rules = [...alerts.matchAll(/^ {4}name: '([^'$]+)'$/gm)].map(([, name]) => name);
  const metrics = [...alerts.matchAll(/^ {2}name: '([^'$]+) \(\$\{token\}\)'$/gm)].map(([, name]) => name);
  expect(rules.length).toBeGreaterThan(3);
  expect(metrics).toEqual(['Delayed images', 'Tracker away']);
  expect(headings).toEqual(expect.arrayContaining([...rules, ...metrics]));
});

test('the lines to look for are lines that the app writes', () => {
  const sources = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
    .filter((path) => /^(core|functions)\b.*\.ts$/.test(path))
    .map((path) => read(`src/${path}`))
    .join('\n');
  const wanted = [...page.matchAll(/^lines '([^']+)'$/gm)].map(([, line = '']) => line);
  expect(wanted.length).toBeGreaterThan(6);
  for (const line of wanted) expect(sources).toMatch(new RegExp(`['\`]${line}`));
});

test('the queues are those that are there', () => {
  const storage = read('src/compose/storage.ts');
  for (const [, name = ''] of page.matchAll(/\b(replication-[a-z-]+)\b/g)) {
    expect(storage).toContain(`'${name.replace(/-poison$/, '')}'`);
  }
});

describe('the table of metrics', () => {
  const rows = [...read('docs/telemetry.md').matchAll(/^\| `(acr_replication\.\w+)` \| `([^`]+)` \| ([^|]+) \| /gm)];

  test('has every metric with its unit and what it says', () => {
    const shown = rows.map(([, name, unit, says]) => [name, unit, says?.trim()]);
    const known = Object.values(instruments).map(({ name, unit, description }) => {
      return [name, unit, description[0]?.toLowerCase() + description.slice(1)];
    });
    expect(shown.sort()).toEqual(known.sort());
  });
});
