/**
 * A route stands in three places: where the function is registered, in the description that the app gives of itself, and
 * in what the outside world was promised. One that stands in two of them only is one nobody can find, or nobody serves.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { describeOpenApi } from '../../src/functions/openapi.ts';
import type { Lock } from '../../src/functions/route.ts';
import { routes } from '../../src/functions/routes.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** What the outside world may rely on. */
const promised = [
  'POST /api/webhooks/{registry}/{region}',
  'GET /api/availability',
  'GET /api/wait',
  'GET /api/images',
  'GET /api/replicas',
  'GET /api/registries',
  'GET /api/events',
  'POST /api/events/replay',
  'POST /api/checks/azure-pipelines',
  'POST /api/checks/github',
  'POST /api/service-health/{registry}',
  'GET /api/health',
  'GET /api/openapi.json',
  'GET /ui',
];

const described = [...routes, describeOpenApi].map((one) => one());
const nameOf = (method: string, path: string) => `${method.toUpperCase()} ${path}`;

interface Registered {
  readonly name: string;
  readonly authLevel: string;
}

/** Every `app.http` in main.ts, with what the file of its function says. */
function registered(): Registered[] {
  const main = read('src/main.ts');
  const files = new Map(
    [...main.matchAll(/import \{([^}]*)\} from '(\.\/functions\/[^']+)'/g)].flatMap(([, names = '', file = '']) =>
      names.split(',').map((name) => [name.trim(), `src/${file.slice(2)}`] as const),
    ),
  );
  return [...main.matchAll(/app\.http\(\s*'\w+',\s*(\w+)\(/g)].flatMap(([, maker = '']) => {
    const source = read(files.get(maker) ?? `no import of ${maker}`);
    const options = source.slice(source.indexOf(`function ${maker}(`));
    const [, route = ''] = /\broute: '([^']+)'/.exec(options) ?? [];
    const [, methods = ''] = /\bmethods: \[([^\]]+)\]/.exec(options) ?? [];
    const [, authLevel = ''] = /\bauthLevel: '(\w+)'/.exec(options) ?? [];
    return methods
      .split(',')
      .map((method) => ({ name: nameOf(method.replaceAll(/['\s]/g, ''), `/${route}`), authLevel }));
  });
}

describe('the routes that are registered', () => {
  test('are those that were promised', () => {
    expect(
      registered()
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...promised].sort());
  });

  test('are those that are described', () => {
    expect(described.map(({ method, path }) => nameOf(method, path)).sort()).toEqual([...promised].sort());
  });

  test('are locked by the host where they are described so', () => {
    const levels: Partial<Record<Lock, string>> = { functionKey: 'function', adminKey: 'admin' };
    const wanted = new Map(
      described.map(({ method, path, lock }) => [nameOf(method, path), levels[lock] ?? 'anonymous']),
    );
    for (const { name, authLevel } of registered()) expect(`${name} ${authLevel}`).toBe(`${name} ${wanted.get(name)}`);
  });

  test('begin with no prefix of the host', () => {
    expect(JSON.parse(read('host.json')).extensions.http.routePrefix).toBe('');
  });
});

describe('the tables of routes in the documents', () => {
  const documents = ['README.md', 'docs/api.md'].filter((path) =>
    existsSync(new URL(`../../${path}`, import.meta.url)),
  );

  test.each(documents)('%s names every route, if it has such a table', (path) => {
    const lines = read(path).split('\n');
    const start = lines.findIndex((line) => /^\| route \|/.test(line));
    if (start < 0) return;
    const rows = lines.slice(start + 2);
    const end = rows.findIndex((line) => !line.startsWith('|'));
    const names = rows.slice(0, end < 0 ? rows.length : end).map((row) => /`([^`?]+)/.exec(row)?.[1]);
    expect(names.sort()).toEqual([...promised].sort());
  });
});
