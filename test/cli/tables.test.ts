/**
 * What the commands print at four widths, on a terminal and piped, kept in files beside this one: whoever changes a table sees
 * what it looks like. `vitest run test/cli/tables.test.ts -u` writes them again.
 */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../src/cli/command.ts';
import { call, callCommand } from '../support/call-command.ts';
import { startTrackerStandIn } from '../support/tracker-stand-in.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const regions = ['australiaeast', 'eastus', 'southeastasia', 'westeurope'];
const iso = (secondsAgo: number) => new Date(now - secondsAgo * 1_000).toISOString();

function listed(n: number, repository: string, tags: string[], missing: string[], more: Record<string, unknown> = {}) {
  const digest = `sha256:${n.toString(16).repeat(64).slice(0, 64)}`;
  const state = missing.length === 0 ? 'available' : 'replicating';
  return {
    ...{
      image: `contoso.azurecr.io/${repository}@${digest}`,
      registry: 'contoso.azurecr.io',
      repository,
      digest,
      tags,
    },
    ...{
      state,
      satisfied: missing.length === 0,
      delayed: false,
      missing,
      firstSeenAt: iso(n * 700),
      availableAt: null,
    },
    requirement: { regions, require: 'all', needed: 4, have: 4 - missing.length },
    regions: regions.map((region) => ({
      ...{ region, required: true, state: missing.includes(region) ? 'missing' : 'available' },
      ...(missing.includes(region) ? { since: null, lagSeconds: null } : { since: iso(n * 600), lagSeconds: n }),
    })),
    ...more,
  };
}

const answers: Record<string, unknown> = {
  '/api/images': {
    images: [
      listed(1, 'team/cart', ['v1.2.3'], ['southeastasia']),
      listed(2, 'data/ingest-worker-with-a-long-name', ['2026.06.01-1234', 'latest'], regions.slice(0, 3), {
        delayed: true,
      }),
      listed(10, 'base', [], [], { availableAt: iso(6_990) }),
      listed(15, 'team/old', ['v0.1'], [...regions], { state: 'deleted' }),
    ],
    next: null,
  },
  '/api/availability': listed(1, 'team/cart', ['v1.2.3'], ['southeastasia']),
  '/api/replicas': {
    ...{ registry: 'contoso.azurecr.io', source: 'arm', stale: false },
    regions: regions.map((region, n) => ({
      ...{ region, expected: true, observedOnly: false, globalRouting: n !== 3, missingImages: n === 2 ? 7 : 0 },
      ...{ health: n === 2 ? 'unhealthy' : 'healthy', lastWebhookAt: iso(n * 40) },
      webhook:
        n === 2 ? { status: 'disabled', reason: 'somebody has switched it off' } : { status: 'ok', reason: null },
      lag: { p50Seconds: n, p95Seconds: n * 90, count: 200 - n },
    })),
  },
  '/api/events': {
    image: 'contoso.azurecr.io/team/cart@sha256:1',
    events: [
      {
        ...{ id: '0123456789abcdef', type: 'AcrReplication.ImageAvailableInRegion', subject: 'team/cart@sha256:1' },
        ...{ time: iso(60), region: 'southeastasia', status: 'published', publishedAt: iso(59) },
      },
      {
        ...{ id: 'fedcba9876543210', type: 'AcrReplication.TagConverged', subject: 'team/cart:v1.2.3' },
        ...{ time: iso(30), status: 'pending', publishedAt: null },
      },
    ],
  },
};

async function print(words: readonly string[], columns?: number, environment: Record<string, string> = {}) {
  const { url } = await startTrackerStandIn(({ path }) => ({ status: 200, body: answers[path] }));
  const terminal = { now, ...(columns === undefined ? {} : { columns }) };
  const signal = new AbortController().signal;
  const run = (cliContext: Parameters<typeof runCommand>[2]) => runCommand([...words, '--url', url], '1', cliContext);
  const { code, out, err } = await call(run, environment, signal, {}, terminal);
  expect([code, err]).toEqual([0, '']);
  return out;
}

const image = 'contoso.azurecr.io/team/cart:v1.2.3';
const commands: Record<string, string[]> = {
  images: ['images', '--registry', 'contoso'],
  'images-wide': ['images', '--registry', 'contoso', '-o', 'wide'],
  status: ['status', image],
  replicas: ['replicas', '--registry', 'contoso'],
  events: ['events', image],
};

const escapes = new RegExp(`${String.fromCodePoint(27)}\\[\\d+m`, 'g');

describe.each(Object.entries(commands))('%s', (name, words) => {
  test('at every width, and piped', async () => {
    const shown: string[] = [];
    for (const columns of [60, 80, 120, 200]) {
      const out = await print(words, columns);
      const plain = out.replaceAll(escapes, '');
      if (name !== 'images-wide') {
        // What is no table says one thing on one line.
        const table = plain.split('\n').filter((line) => / {2}/.test(line));
        for (const line of table) expect([columns, line, line.length <= columns]).toEqual([columns, line, true]);
      }
      shown.push(`--- ${columns} columns\n${out.replaceAll('\u001b', '␛')}`);
    }
    shown.push(`--- piped\n${await print(words)}`);
    await expect(shown.join('\n')).toMatchFileSnapshot(`tables/${name}.txt`);
  });
});

test('what is piped, and what is not to be coloured, has no escape sequences', async () => {
  expect(await print(commands.images ?? [])).not.toMatch(escapes);
  expect(await print(commands.images ?? [], 80, { NO_COLOR: '1' })).not.toMatch(escapes);
  expect(await print(commands.images ?? [], 80)).toMatch(escapes);
});

test('images has a search and an order', async () => {
  const tracker = await startTrackerStandIn(() => ({ status: 200, body: { images: [], next: null } }));
  const words = ['images', 'cart:v1', '--registry', 'contoso', '--sort', 'lag', '--url', tracker.url];
  expect(await callCommand(words)).toMatchObject({ code: 0, out: 'No such images.\n' });
  expect(tracker.asked[0]?.query).toMatchObject({ q: 'cart:v1', sort: 'lag' });
});

describe('replay', () => {
  test('starts one, and says which', async () => {
    const body = { replay: 'abc-1', status: 'running', image };
    const tracker = await startTrackerStandIn(() => ({ status: 202, body }));
    const called = await callCommand(['replay', image, '--url', tracker.url]);
    expect(called).toMatchObject({ code: 0, out: expect.stringContaining('with the same ids (replay abc-1)') });
    expect(tracker.asked[0]).toMatchObject({ path: '/api/events/replay', body: { image } });
    const json = await callCommand(['replay', image, '--url', tracker.url, '-o', 'json']);
    expect(JSON.parse(json.out)).toEqual(body);
  });

  test('says which key it needs', async () => {
    const { url } = await startTrackerStandIn(() => ({ status: 401 }));
    const called = await callCommand(['replay', image, '--url', url, '--key', 'k']);
    expect(called).toMatchObject({ code: 4, err: expect.stringContaining('admin key') });
  });
});

test('events says when there is none', async () => {
  const { url } = await startTrackerStandIn(() => ({ status: 200, body: { image, events: [] } }));
  expect((await callCommand(['events', image, '--url', url])).out).toBe(`Nothing was published about ${image} yet.\n`);
});

describe('completion', () => {
  const complete = (script: string, words: string) =>
    execFileSync('bash', [
      '--norc',
      '-c',
      `${script}\nCOMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _acr_replication; echo "\${COMPREPLY[*]}"`,
    ])
      .toString()
      .trim();

  test.each([
    ['acr-replication im', 'images'],
    ['acr-replication images --st', '--state'],
    ['acr-replication images --sort na', 'name'],
    ['acr-replication --url x wait --req', '--require'],
    ['acr-replication completion f', 'fish'],
  ])('bash completes "%s" to "%s"', async (words, completed) => {
    const { out } = await callCommand(['completion', 'bash']);
    expect(complete(out, words)).toBe(completed);
  });

  test('zsh uses the same script, fish one of its own', async () => {
    const bash = (await callCommand(['completion', 'bash'])).out;
    expect((await callCommand(['completion', 'zsh'])).out).toBe(`autoload -U +X bashcompinit && bashcompinit\n${bash}`);
    const fish = (await callCommand(['completion', 'fish'])).out;
    expect(fish).toContain(
      "complete -c acr-replication -n '__fish_seen_subcommand_from images' -l sort -x -a 'newest lag name'",
    );
    expect(fish).toMatch(/-n __fish_use_subcommand -f -a replay -d '.+'/);
  });

  test('no other shell', async () => {
    expect(await callCommand(['completion', 'tcsh'])).toMatchObject({ code: 64 });
  });
});
