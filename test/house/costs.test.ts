/** The sums of the page about costs, worked out anew from its own prices and counts. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/cost.md');
/** What follows the first cell, in the row of that table: of prices, or of sums. */
const cells = (table: 'prices' | 'sums', first: string) =>
  page
    .split('\n')
    .filter((line) => line.startsWith(`| ${first} |`))
    .map((line) => line.split('|').slice(2, -1))
    .find(({ length }) => length === { prices: 3, sums: 4 }[table])
    ?.map((cell) => cell.replaceAll('*', '').trim()) ?? [];
const price = (what: string) => Number(cells('prices', what)[0]);
/** Of the three sizes. */
const shown = (first: string) => cells('sums', first).slice(1).map(Number);

const seconds = 2_628_000;
const gigabytes = 2;
const regions = 4;
const webhooksAndTimer = (pushes: number) => pushes * regions + seconds / 15;

const sizes = [
  { pushes: 10_000, waitingHours: 30.4, images: 1 },
  { pushes: 100_000, waitingHours: 243.3, images: 10 },
  { pushes: 1_000_000, waitingHours: 730, images: 50 },
];
type Size = (typeof sizes)[number];

const rows: Record<string, (size: Size) => number> = {
  'instances always ready': () => 2 * gigabytes * seconds * price('instance always ready'),
  'these instances, while they execute': ({ pushes, waitingHours }) =>
    Math.min(waitingHours * 3_600 + pushes * regions, 2 * seconds) *
    gigabytes *
    price('this instance, while it executes'),
  'due work': () => (seconds / 15) * gigabytes * price('another instance, while it executes'),
  executions: ({ pushes }) => (webhooksAndTimer(pushes) / 1e6) * price('executions'),
  storage: ({ pushes, waitingHours, images }) =>
    ((pushes * (regions + 15) + waitingHours * 60 * 60 * images + seconds / 15) / 1e6) * price('requests to tables'),
  events: ({ pushes }) => (Math.max(0, pushes * 12 - 100_000) / 1e6) * price('Event Grid operations *'),
  logs: ({ pushes }) => Math.max(0, (pushes * 20) / 1e6 - 5) * price('log ingestion *'),
  'alert rules': () =>
    2 * price('log alert rule, every 5 minutes') +
    4 * price('log alert rule, every 15 minutes or less often') +
    2 * price('metric alert rule'),
  'web test': () => 3 * 12 * 730 * price('web test'),
};
describe('a month', () => {
  test.each(Object.entries(rows))('%s', (name, cost) => {
    for (const [i, size] of sizes.entries()) {
      expect(Math.abs((shown(name)[i] ?? Number.NaN) - cost(size))).toBeLessThan(0.011);
    }
  });

  test('together', () => {
    const together = sizes.map((_, i) => Object.keys(rows).reduce((sum, name) => sum + (shown(name)[i] ?? 0), 0));
    expect(shown('**together**').map((sum) => sum.toFixed(2))).toEqual(together.map((sum) => sum.toFixed(2)));
  });
});

test('what is on top', () => {
  const instance = gigabytes * seconds * price('instance always ready');
  expect(page).toContain(`costs ${instance.toFixed(2)} a month`);
  expect(Math.round((9 * 2 * instance) / 10) * 10).toBe(380);
  expect(page).toContain(`${(5 * 730 * price('private endpoint')).toFixed(2)} a month`);
});

test('the rules are those that are deployed', () => {
  const alerts = read('infra/alerts.bicep');
  const rules = alerts.slice(alerts.indexOf('var rules = {'));
  const often = [...rules.matchAll(/evaluationFrequency: '(PT\w+)'/g)].map(([, every]) => every);
  expect(often.filter((every) => every === 'PT5M')).toHaveLength(2);
  expect(often.filter((every) => every !== 'PT5M')).toHaveLength(4);
  expect(alerts.match(/metricAlerts@/g)).toHaveLength(2);
  expect(alerts).toMatch(/Frequency: 300\b/);
  expect(alerts.match(/Id: '[a-z-]+azr'/g)).toHaveLength(3);
});
