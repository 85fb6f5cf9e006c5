/**
 * What the commands print at four widths, on a terminal and piped, kept in files beside this one: whoever changes a table sees
 * what it looks like. `vitest run test/cli/tables.test.ts -u` writes them again.
 */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../src/cli/command.ts';
import { textTable, wrapLine } from '../../src/cli/text-table.ts';
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

/** With as many regions as a large registry has. */
const twelve = [
  ...['australiaeast', 'brazilsouth', 'centralindia', 'eastus', 'francecentral', 'germanywestcentral', 'japaneast'],
  ...['southafricanorth', 'southeastasia', 'uksouth', 'westeurope', 'westus2'],
];

function everywhere(n: number, repository: string, more: Record<string, unknown> = {}, missing: string[] = []) {
  const document = listed(n, repository, [], missing, more);
  const requirement = { regions: twelve, require: 'all', needed: 12, have: 12 - missing.length };
  const state = 'available';
  const inRegions = twelve.map((region) => ({
    ...{ region, required: true, state: 'available', since: iso(600), lagSeconds: n, evidence: ['webhook'] },
  }));
  return { ...document, state, requirement, regions: inRegions, ...more };
}

const older = `sha256:60c1d2a3b4c5${'0'.repeat(52)}`;
const diverged = everywhere(
  3,
  'team/pay',
  {
    tag: {
      ...{ name: 'prod', state: 'diverged' },
      regions: twelve.map((region) => ({
        ...{ region, digest: /^(japaneast|uksouth)$/.test(region) ? older : `sha256:${'3'.repeat(64)}` },
      })),
    },
  },
  ['japaneast', 'uksouth'],
);
const unsigned = everywhere(
  5,
  'team/multi-platform-service-with-a-long-name',
  {
    tag: { name: '5.2.0', state: 'converged' },
    artifacts: [{ kind: 'signature', known: true, missing: ['japaneast', 'southeastasia'] }],
  },
  ['japaneast', 'southeastasia'],
);
const gone = everywhere(7, 'team/old', { tag: { name: '0.1', state: 'unknown' }, state: 'deleted' }, twelve);
const release = { name: 'shop-2.4', revision: 2, createdAt: iso(3_600), availableAt: null, announcedAt: null };
const images = ['contoso.azurecr.io/team/cart:v1.2.3', 'contoso.azurecr.io/team/pay:prod'];

const answers: Record<string, unknown> = {
  '/api/releases': {
    releases: [
      { ...release, delayed: true, images: [...images, 'contoso.azurecr.io/team/multi:5.2.0'] },
      {
        ...release,
        name: 'nightly',
        revision: 1,
        createdAt: iso(90_000),
        availableAt: iso(89_000),
        delayed: false,
        images,
      },
    ],
    next: null,
  },
  '/api/releases/shop-2.4': {
    ...{ ...release, delayed: true, satisfied: false, state: 'deleted', images: [diverged, unsigned, gone] },
    ended: [{ image: gone.image, outcome: 'deleted' }],
  },
  '/api/waiting': {
    waiting: [
      { kind: 'release', name: 'shop-2.4', requests: 2, checks: 1, since: iso(700) },
      { kind: 'image', name: images[0], requests: 1, checks: 0, since: iso(65) },
      {
        ...{
          kind: 'image',
          name: `contoso.azurecr.io/team/a-service-with-a-long-name@${older}`,
          requests: 11,
          checks: 0,
        },
        ...{ regions: ['eastus', 'uksouth', 'westeurope'], require: 2, artifacts: ['signature'], since: iso(5) },
        platforms: ['linux/amd64'],
      },
    ],
    ...{ total: 612, instances: 1, checksComplete: false },
  },
  '/api/images': {
    images: [
      listed(1, 'team/cart', ['v1.2.3'], ['southeastasia']),
      listed(2, 'data/ingest-worker-with-a-long-name', ['2026.06.01-1234', 'latest'], regions.slice(0, 3), {
        delayed: true,
      }),
      listed(10, 'base', [], [], { availableAt: iso(6_990) }),
      listed(15, 'team/old', ['v0.1'], [...regions], { state: 'deleted' }),
      {
        ...everywhere(4, 'team/old', {}, twelve.slice(2)),
        ...{ state: 'deleting', tags: ['0.3'] },
        regions: twelve.map((region, n) => ({ region, required: true, state: n < 2 ? 'available' : 'deleted' })),
      },
      everywhere(6, 'team/api', {
        ...{ tags: ['2.0.0', 'prod'], divergedTags: [{ tag: 'prod', regions: ['japaneast', 'uksouth'] }] },
      }),
      {
        ...everywhere(8, 'team/old', { state: 'deleted' }, twelve),
        regions: twelve.map((region) => ({ region, required: true, state: 'deleted', since: iso(420) })),
      },
    ],
    next: null,
  },
  '/api/availability?team/cart:v1.2.3': listed(1, 'team/cart', ['v1.2.3'], ['southeastasia']),
  '/api/availability?team/pay:prod': diverged,
  '/api/replicas': {
    ...{ registry: 'contoso.azurecr.io', source: 'arm', stale: false },
    regions: regions.map((region, n) => ({
      ...{ region, expected: true, observedOnly: false, globalRouting: n !== 3, missingImages: n === 2 ? 7 : 0 },
      ...{ health: n === 2 ? 'unhealthy' : 'healthy', lastWebhookAt: iso(n * 40), silent: n === 1 },
      unreportedImages: [0, 5, 0, 1][n],
      webhook:
        n === 2
          ? {
              ...{ status: 'misconfigured' },
              reason: 'it sends to another address than this tracker has; "manage" repairs it within an hour',
            }
          : { status: 'ok', reason: null },
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
        failedAttempts: {
          ...{ count: 4, lastAt: iso(10) },
          lastError: '400: The event grid topic does not accept this schema: its input schema is EventGridSchema',
        },
      },
    ],
  },
};

async function print(words: readonly string[], columns?: number, environment: Record<string, string> = {}) {
  const { url } = await startTrackerStandIn(({ path, query }) => {
    const name = query.image?.replace(/^[^/]*\//, '');
    return { status: 200, body: answers[path] ?? answers[`${path}?${name}`] };
  });
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
  'status-diverged': ['status', 'contoso.azurecr.io/team/pay:prod'],
  'status-release': ['status', '--release', 'shop-2.4'],
  releases: ['releases'],
  'releases-wide': ['releases', '-o', 'wide'],
  waiting: ['waiting', '--registry', 'contoso'],
  'waiting-wide': ['waiting', '--registry', 'contoso', '-o', 'wide'],
  replicas: ['replicas', '--registry', 'contoso'],
  events: ['events', image],
  'events-wide': ['events', image, '-o', 'wide'],
};

const escapes = new RegExp(`${String.fromCodePoint(27)}\\[\\d+m`, 'g');

describe.each(Object.entries(commands))('%s', (name, words) => {
  test('at every width, and piped', async () => {
    const shown: string[] = [];
    for (const columns of [60, 80, 120, 200]) {
      const out = await print(words, columns);
      const plain = out.replaceAll(escapes, '');
      if (!name.endsWith('-wide')) {
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

test.each([
  ['eastus,japaneast,uksouth', 24, 'eastus,japaneast,uksouth'],
  ['eastus,japaneast,uksouth', 20, 'eastus,japaneast +1'],
  ['eastus,japaneast,uksouth', 10, 'eastus +2'],
  ['southafricanorth, eastus', 12, 'southafr… +1'],
  ['southafricanorth', 12, 'southafrica…'],
])('a list %s in %d columns is %s', (cell, width, shown) => {
  expect(textTable([{ name: 'a', minWidth: 1, isList: true }], [[cell]], { width, hasHead: false })).toBe(shown);
});

test('why the topic accepts nothing is not said of an image whose events it has accepted', async () => {
  const published = { subject: 'team/app@sha256:1', status: 'published', publishedAt: iso(1) };
  const shownOf = async (...statuses: string[]) => {
    const listed = { events: statuses.map((status) => ({ ...published, status })), topicError: 'throttled: 429' };
    const { url } = await startTrackerStandIn(() => ({ status: 200, body: listed }));
    const signal = new AbortController().signal;
    return (await call((io) => runCommand(['events', image, '--url', url], '1', io), {}, signal)).out;
  };
  expect(await shownOf('published')).not.toContain('not accepted');
  expect(await shownOf('published', 'pending')).toContain('not accepted: throttled: 429');
});

test('a count is as wide as the widest', () => {
  const columns = [{ name: 'a', isRight: true }, 'b'];
  const rows = ['0/12', '11/12'].map((count) => [count, 'x']);
  expect(textTable(columns, rows, { hasHead: false })).toBe(' 0/12  x\n11/12  x');
});

test('a sentence is wrapped between words, and a long word is not cut', () => {
  expect(wrapLine('one two three', undefined)).toBe('one two three');
  expect(wrapLine('one two three', 8)).toBe('one two\n  three');
  expect(wrapLine('sha256:0123456789 is it', 10)).toBe('sha256:0123456789\n  is it');
});

test('what the parser refuses fits the terminal, and is one line elsewhere', async () => {
  const words = ['images', '--state', 'lost'];
  const { err } = await call((cliContext) => {
    const stderr = Object.assign(cliContext.stderr, { isTTY: true, columns: 80 });
    return runCommand(words, '1', { ...cliContext, stderr });
  });
  for (const line of err.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(err.replaceAll('\n  ', ' ')).toContain((await callCommand(words)).err.split('\n')[0]);
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
