/**
 * A route stands in three places: where the function is registered, in the description that the app gives of itself, and
 * in what the outside world was promised. One that stands in two of them only is one nobody can find, or nobody serves.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Auth } from '../../src/functions/http/route.ts';
import { routes } from '../../src/functions/routes.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** What the outside world may rely on. */
const promised = [
  'POST /api/webhooks/{registry}/{region}',
  'GET /api/availability',
  'GET /api/wait',
  'POST /api/availability',
  'POST /api/wait',
  'PUT /api/releases/{name}',
  'GET /api/releases/{name}',
  'GET /api/releases/{name}/wait',
  'GET /api/releases',
  'DELETE /api/releases/{name}',
  'GET /api/images',
  'GET /api/summary',
  'GET /api/replicas',
  'GET /api/registries',
  'GET /api/events',
  'GET /api/waiting',
  'POST /api/events/replay',
  'POST /api/checks/azure-pipelines',
  'POST /api/checks/github',
  'POST /api/service-health/{registry}',
  'GET /api/health',
  'GET /api/openapi.json',
  'GET /ui',
];

/** The same routes, asked for their headers alone. */
const promisedHeads = ['HEAD /api/health', 'HEAD /api/openapi.json', 'HEAD /ui'];

const described = routes.map((one) => one());
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
    // One of them a second time, for an app whose settings are faulty.
    expect([...new Set(registered().map(({ name }) => name))].sort()).toEqual([...promised, ...promisedHeads].sort());
  });

  test('are those that are described', () => {
    const names = described.flatMap(({ method, path, alsoHead }) => [
      nameOf(method, path),
      ...(alsoHead ? [nameOf('head', path)] : []),
    ]);
    expect(names.sort()).toEqual([...promised, ...promisedHeads].sort());
  });

  test('are locked by the host where they are described so', () => {
    const levels: Partial<Record<Auth, string>> = { functionKey: 'function', adminKey: 'admin' };
    const wanted = new Map(
      described.map(({ method, path, auth }) => [nameOf(method, path), levels[auth] ?? 'anonymous']),
    );
    for (const { name, authLevel } of registered()) {
      expect(`${name} ${authLevel}`).toBe(`${name} ${wanted.get(name.replace('HEAD ', 'GET '))}`);
    }
  });

  test('begin with no prefix of the host', () => {
    expect(JSON.parse(read('host.json')).extensions.http.routePrefix).toBe('');
  });
});

test('the table of routes in docs/http.md names every route', () => {
  const lines = read('docs/http.md').split('\n');
  const rows = lines.slice(lines.findIndex((line) => /^\| route \|/.test(line)) + 2);
  const names = rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((row) => /`([^`?]+)/.exec(row)?.[1]);
  expect(names.sort()).toEqual([...promised].sort());
});
