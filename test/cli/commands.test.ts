/** Every command against a server with the tracker's protocol: what is asked, printed, and said by the exit code. */
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../src/cli/command.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { call, callCommand } from '../support/call-command.ts';
import type { Said } from '../support/tracker-stand-in.ts';
import {
  digest,
  documentWith,
  pinned,
  problemWith,
  severalWith,
  startTrackerStandIn,
} from '../support/tracker-stand-in.ts';

const image = 'contoso.azurecr.io/team/app:v1';
const there: Said = { status: 200, body: documentWith(['eastus', 'westeurope'], []) };
const notYet: Said = { status: 202, body: documentWith(['eastus'], ['westeurope']) };

test('the exit codes are those that scripts rely on', () => {
  expect(exitCodes).toEqual({
    ...{ satisfied: 0, answered: 0, unexpected: 1, timedOut: 2, deleted: 3, superseded: 3, refused: 4 },
    ...{ unreachable: 5, badUsage: 64, foreign: 64, SIGINT: 130, SIGTERM: 143 },
  });
});

test.each<[string[], number, RegExp]>([
  [[], 64, /Usage: acr-replication/],
  [['--version'], 0, /^1\.2\.3\n$/],
  [['--help'], 0, /Examples:/],
  [['help', 'wait'], 0, /Exit codes:/],
  ...['wait', 'status', 'images', 'releases', 'waiting', 'replicas', 'events', 'replay', 'completion'].map(
    (name): [string[], number, RegExp] => [[name, '--help'], 0, new RegExp(`Examples:\\n {2}acr-replication ${name}`)],
  ),
  [['wait'], 64, /missing required argument 'image'/],
  [['wait', image, 'more', '--url', 'http://x.example'], 64, /^image: must begin with .*got "more"/],
  [['wait', image, '--nonsense'], 64, /unknown option '--nonsense'/],
  [['wait', image, '--output', 'xml'], 64, /Allowed choices are text, json/],
  [['wait', image], 64, /^url: is required/],
  [['wait', image, '--url', 'nowhere'], 64, /^url: must be an address/],
  [['wait', 'Not An Image', '--url', 'http://x.example'], 64, /^image: /],
  [['wait', 'team/app:v1', '--url', 'http://x.example'], 64, /^image: must begin with the registry's login server/],
  [['wait', image, '--timeout', 'soon', '--require', 'most'], 64, /^require: .*\ntimeout: /],
  [['status', '@'], 64, /^image: /],
  [['images', '--limit', '0'], 64, /must be a whole number from 1/],
  [['images', '--state', 'lost'], 64, /Allowed choices are replicating/],
  [['releases', '--limit', 'x'], 64, /must be a whole number from 1/],
  [['waiting', '-o', 'yaml'], 64, /Allowed choices are text, wide, json/],
  [['nonsense'], 64, /unknown command 'nonsense'/],
])('%j exits with %d', async (words, code, said) => {
  const called = await callCommand(words);
  expect(called).toMatchObject({ code, [code === 0 ? 'out' : 'err']: expect.stringMatching(said) });
  expect(called[code === 0 ? 'err' : 'out']).toBe('');
});

test.each(['status', 'wait'])('%s of a name without its registry says how to find it', async (command) => {
  for (const [part, searched] of [
    ['team/app:prod', 'team/app:prod'],
    ['sha256:ab12…', 'sha256:ab12'],
  ] as const) {
    const { code, err } = await callCommand([command, part, '--url', 'http://x.example']);
    expect([code, err]).toEqual([64, expect.stringContaining(`: acr-replication images ${searched}\n`)]);
  }
  const { err } = await callCommand([command, 'contoso.azurecr.io/Team', '--url', 'http://x.example']);
  expect(err).not.toContain('acr-replication images');
});

test('status says for how long a region has been missing, and within which time it is usually there', async () => {
  const now = Date.parse('2026-06-01T12:06:00Z');
  const report = {
    regions: [
      { region: 'westeurope', lag: { p95Seconds: 2.7 } },
      { region: 'eastus', lag: null },
    ],
  };
  const ask = async (document: object, replicas: Said) => {
    const tracker = await startTrackerStandIn(({ path }) =>
      path === '/api/replicas' ? replicas : { status: 200, body: { ...document } },
    );
    const run = (cliContext: Parameters<typeof runCommand>[2]) =>
      runCommand(['status', image, '--url', tracker.url], '1', cliContext);
    const { out } = await call(run, {}, new AbortController().signal, {}, { now });
    return { out, asked: tracker.asked.map(({ path, query }) => [path, query.registry]) };
  };
  const missing = documentWith(['eastus'], ['westeurope']);
  const one = await ask(missing, { status: 200, body: report });
  expect(one.out).toMatch(/\nmissing for 6 min; usually there within: westeurope 2\.7 s\nREGION/);
  expect(one.asked).toEqual([
    ['/api/availability', undefined],
    ['/api/replicas', 'contoso.azurecr.io'],
  ]);
  expect((await ask(missing, { status: 500, body: {} })).out).toMatch(/\nmissing for 6 min\nREGION/);
  for (const document of [documentWith(['eastus'], []), { ...missing, state: 'deleting' }]) {
    const { out, asked } = await ask(document, { status: 200, body: report });
    expect([out.includes('missing for'), asked.length]).toEqual([false, 1]);
  }
});

test.each<[string, Said, number, RegExp]>([
  ['the image is there', there, 0, /./],
  ['not in time', notYet, 2, /timed out after 0 s: .* in 1 of 2 regions; missing: westeurope/],
  ['moved on', { status: 409, body: documentWith([], ['eastus']) }, 3, /superseded/],
  ['gone', { status: 410, body: documentWith([], ['eastus']) }, 3, /deleted/],
  ['no key', { status: 401 }, 4, /a question without a key \(401\)/],
  ['stopped app', { status: 403, body: '<h1>stopped</h1>' }, 4, /\(403\)/],
  ['bad region', problemWith(400, 'regions: "mars" is not a region'), 64, /"mars" is not a region/],
  ['unknown registry', problemWith(404, 'Registry "x" is not tracked here'), 64, /not tracked here/],
  ['wrong page', { status: 404, body: '<html>' }, 64, /no tracker answers at http.*text\/html/],
  ['odd answer', { status: 418, body: {} }, 1, /answered 418/],
  ['no connection', 'cut', 5, /cannot be reached: connection lost/],
  ['out of order', { status: 500, body: {} }, 5, /answered 500/],
])('wait: %s', async (_, said, code, words) => {
  const { url } = await startTrackerStandIn(() => said);
  const called = await callCommand(['wait', image, '--url', url, '--timeout', '0']);
  expect(called.code).toBe(code);
  expect(called.out + called.err).toMatch(words);
});

test('wait asks what it was asked, key and all, from arguments or the environment', async () => {
  const tracker = await startTrackerStandIn(() => there);
  const words = ['wait', image, '--regions', 'East US,westeurope', '--require', 'any', '--timeout', '1m'];
  const { code, out } = await callCommand(words, {
    ACR_REPLICATION_URL: `${tracker.url}/api`,
    ACR_REPLICATION_KEY: 'k1',
  });
  expect([code, out]).toEqual([0, `${pinned} is in 2 of 2 regions after 0 s\n`]);
  await callCommand(['--key', 'k2', 'wait', image, '--url', tracker.url], { ACR_REPLICATION_KEY: 'k1' });
  expect(tracker.asked).toEqual([
    { path: '/api/wait', query: { image, regions: 'eastus,westeurope', require: 'any', timeout: '0' }, key: 'k1' },
    { path: '/api/wait', query: { image, timeout: '0' }, key: 'k2' },
  ]);
});

test.each<[Said, number]>([
  [there, 0],
  [notYet, 2],
])('json is one line on standard output', async (said, code) => {
  const { url } = await startTrackerStandIn(() => said);
  const called = await callCommand(['wait', image, '--url', url, '--timeout', '0', '--output', 'json']);
  expect(called.code).toBe(code);
  expect(called.out.split('\n')).toHaveLength(2);
  expect(JSON.parse(called.out)).toMatchObject({ image: pinned, digest, satisfied: code === 0 });
});

test('a connection that hangs does not outlive the time given', async () => {
  const { url } = await startTrackerStandIn(() => 'hang');
  const startedAt = Date.now();
  const called = await callCommand(['wait', image, '--url', url, '--timeout', '1.5']);
  expect(called).toMatchObject({ code: 5, err: expect.stringContaining('no answer in time') });
  expect(Date.now() - startedAt).toBeGreaterThan(1_000);
  expect(Date.now() - startedAt).toBeLessThan(10_000);
});

test('an outage is waited out', async () => {
  const tracker = await startTrackerStandIn((_, before) => (before === 0 ? notYet : before < 3 ? 'cut' : there));
  const called = await callCommand(['wait', image, '--url', tracker.url, '--timeout', '1m']);
  expect(called.code).toBe(0);
  expect(called.err.match(/cannot be reached/g)).toHaveLength(1);
});

test('the key is not carried to where a redirect leads', async () => {
  const elsewhere = await startTrackerStandIn(() => there);
  const { url } = await startTrackerStandIn(() => ({
    status: 302,
    headers: { location: `${elsewhere.url}/api/wait` },
  }));
  const called = await callCommand(['wait', image, '--url', url, '--key', 'hidden-key']);
  expect(called).toMatchObject({ code: 64, err: expect.stringContaining(`sends the question on to ${elsewhere.url}`) });
  expect(elsewhere.asked).toEqual([]);
  expect(called.out + called.err).not.toContain('hidden-key');
});

test('what the tracker says drives neither a terminal nor a build', async () => {
  const evil = '\u001b[2J\n::error::x\n##vso[task.complete result=Failed;]';
  const body = documentWith(['eastus', evil], [], { image: `::set-output name=a::b${evil}` });
  const { url } = await startTrackerStandIn((asked) =>
    asked.path === '/api/images' ? { status: 200, body: { images: [body], next: null } } : { status: 200, body },
  );
  const commands = [
    ['wait', image],
    ['wait', image, '--output', 'json'],
    ['status', image],
    ['images', '--registry', 'c'],
  ];
  for (const words of commands) {
    const { code, out, err } = await callCommand([...words, '--url', url]);
    expect(code).toBe(0);
    expect(out + err).not.toContain('\u001b');
    expect(out + err).not.toMatch(/^\s*::|##\[|##vso\[/m);
  }
});

test('status exits with 0 whatever the answer is', async () => {
  const firstSeenAt = new Date(Date.now() - 72 * 3_600_000).toISOString();
  const tag = { name: 'v1', state: 'diverged' };
  const body = documentWith(['eastus'], ['westeurope'], { delayed: true, tag, firstSeenAt });
  const tracker = await startTrackerStandIn(() => ({ status: 200, body }));
  expect(await callCommand(['status', image, '--url', tracker.url])).toEqual({
    code: 0,
    err: '',
    out: [
      `${pinned}: replicating, delayed, in 1 of 2 regions`,
      'missing for 3d',
      'tag v1: diverged',
      'REGION      STATE      AFTER THE FIRST  SINCE',
      'eastus      available  0 s              2026-06-01T12:00:00.000Z',
      'westeurope  missing',
      '',
    ].join('\n'),
  });
  const { out } = await callCommand(['status', image, '--url', tracker.url, '--output', 'json']);
  expect(JSON.parse(out)).toEqual(body);
  expect(tracker.asked[0]).toMatchObject({ path: '/api/availability', query: { image } });
});

test.each<[Said, number]>([
  [{ status: 401 }, 4],
  ['cut', 5],
  [problemWith(404, 'Registry "x" is not tracked here'), 64],
  [{ status: 200, body: { hello: 'world' } }, 64],
  [{ status: 418, body: {} }, 1],
])('status: exit code of %j is %d', async (said, code) => {
  const { url } = await startTrackerStandIn(() => said);
  expect(await callCommand(['status', image, '--url', url])).toMatchObject({ code, out: '' });
});

test('images of all registries, page after page', async () => {
  const page = (count: number, next: string | null): Said => ({
    status: 200,
    body: { images: Array.from({ length: count }, () => documentWith(['eastus'], ['westeurope'])), next },
  });
  const tracker = await startTrackerStandIn(({ path, query }) => {
    if (path === '/api/registries')
      return { status: 200, body: { registries: [{ name: 'contoso' }, { name: 'fabrikam' }] } };
    if (query.registry === 'fabrikam') return page(0, null);
    return query.cursor === undefined ? page(2, 'c1') : query.cursor === 'c1' ? page(0, 'c2') : page(1, 'c3');
  });
  const filters = ['--state', 'replicating', '--region', 'westeurope', '--missing', '--repository', 'team/app'];
  const called = await callCommand(['images', ...filters, '--limit', '3', '--url', tracker.url, '--output', 'json']);
  expect(called.code).toBe(0);
  expect(
    called.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).image),
  ).toEqual([pinned, pinned, pinned]);
  expect(called.err).toBe('There are more of contoso: --limit 6\n');
  const query = {
    registry: 'contoso',
    repository: 'team/app',
    state: 'replicating',
    region: 'westeurope',
    missing: 'true',
  };
  expect(tracker.asked.map((asked) => asked.query)).toEqual([
    {},
    { ...query, limit: '3' },
    { ...query, limit: '1', cursor: 'c1' },
    { ...query, limit: '1', cursor: 'c2' },
    { ...query, registry: 'fabrikam', limit: '3' },
  ]);
  const table = await callCommand(['images', '--registry', 'contoso', '--limit', '1', '--url', tracker.url]);
  expect(table.out).toMatch(
    /^REPOSITORY:TAG +DIGEST +STATE +REGIONS +AGE +MISSING\nteam\/app.* a{12} +replicating +1\/2 .*westeurope\n/,
  );
  const none = await callCommand(['images', '--registry', 'fabrikam', '--url', tracker.url]);
  expect(none).toMatchObject({ code: 0, out: 'No such images.\n' });
});

test('releases page after page, with what is missing of the open ones', async () => {
  const release = (name: string, availableAt: string | null) => ({
    ...{ name, revision: 1, createdAt: '2026-06-01T12:00:00.000Z', availableAt, delayed: false, images: [image] },
  });
  const open = severalWith([documentWith(['eastus'], ['westeurope'])], 'replicating');
  const tracker = await startTrackerStandIn(({ path, query }) => {
    if (path === '/api/releases/gone') return problemWith(404, 'There is no release "gone".');
    if (path !== '/api/releases') return { status: 200, body: { ...release('open', null), ...open } };
    if (query.cursor === undefined)
      return { status: 200, body: { releases: [release('open', null), release('gone', null)], next: 'c1' } };
    return { status: 200, body: { releases: [release('done', '2026-06-01T12:00:00.000Z')], next: 'c2' } };
  });
  const { code, out, err } = await callCommand(['releases', '--limit', '3', '--url', tracker.url]);
  expect([code, err]).toEqual([0, 'There are more releases: --limit 6\n']);
  expect(out.replaceAll(/ {2,}/g, '  ').replaceAll(/\d+d/g, '5d').split('\n')).toEqual([
    'RELEASE  STATE  IMAGES  AGE  INCOMPLETE IMAGES',
    'open  replicating  0/1  5d  team/app@sha256:aaaaaaaaaaaa',
    'gone  replicating  ?/1  5d',
    'done  available  1/1  5d',
    '',
  ]);
  const asked = tracker.asked.length;
  const json = await callCommand(['releases', '--limit', '3', '-o', 'json', '--url', tracker.url]);
  expect(
    json.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).name),
  ).toEqual(['open', 'gone', 'done']);
  // A program reads what it needs itself.
  expect(tracker.asked.slice(asked).map(({ path }) => path)).toEqual(['/api/releases', '/api/releases']);
});

test('replicas says once of how many webhooks nothing is known, and names those that do not work', async () => {
  const region = (name: string, status: string, reason: string) => ({ region: name, webhook: { status, reason } });
  const body = {
    ...{ registry: 'contoso.azurecr.io', source: 'settings' },
    regions: [
      ...['eastus', 'uksouth'].map((name) => region(name, 'unknown', 'not checked yet')),
      ...['japaneast', 'westus'].map((name) => region(name, 'disabled', 'by hand')),
    ],
  };
  const { url } = await startTrackerStandIn(() => ({ status: 200, body }));
  const { out } = await callCommand(['replicas', '--registry', 'contoso', '--url', url]);
  expect(out).toMatch(/^contoso.azurecr.io: 4 regions, listed in the settings\n/);
  expect(out.split('\n').slice(-3)).toEqual([
    'webhook japaneast, westus disabled: by hand',
    'webhook of 2 regions unknown: not checked yet',
    '',
  ]);
});

test('waiting lists the waits of all registries, a release once', async () => {
  const wait = (kind: string, name: string, since: string) => ({ kind, name, requests: 1, checks: 0, since });
  const shop = wait('release', 'shop-2.4', '2026-06-01T12:00:01.000Z');
  const tracker = await startTrackerStandIn(({ path, query }) => {
    if (path === '/api/registries')
      return { status: 200, body: { registries: [{ name: 'contoso' }, { name: 'fabrikam' }] } };
    const own = wait(
      'image',
      `${query.registry}.azurecr.io/team/app:v1`,
      `2026-06-01T12:00:0${query.registry?.length}.000Z`,
    );
    return { status: 200, body: { waiting: [shop, own], total: 2, instances: 1, checksComplete: true } };
  });
  const { out } = await callCommand(['waiting', '--url', tracker.url]);
  expect(out.split('\n').map((line) => line.split(/ {2,}/)[0])).toEqual([
    'WAITED FOR',
    'release shop-2.4',
    'contoso.azurecr.io/team/app:v1',
    'fabrikam.azurecr.io/team/app:v1',
    '',
  ]);
  const json = await callCommand(['waiting', '--registry', 'contoso', '-o', 'json', '--url', tracker.url]);
  expect(json.out.split('\n')).toHaveLength(2);
});

test.each([
  ['releases', { releases: [], next: null }, 'No releases.\n'],
  ['waiting', { waiting: [], total: 0, instances: 0, checksComplete: true }, 'No client waits.\n'],
])('%s says that there is none, and what answers instead', async (name, body, words) => {
  const { url } = await startTrackerStandIn(() => ({ status: 200, body }));
  const command = name === 'waiting' ? [name, '--registry', 'contoso'] : [name];
  expect(await callCommand([...command, '--url', url])).toEqual({ code: 0, out: words, err: '' });
  const other = await startTrackerStandIn(() => ({ status: 200, body: { hello: 'world' } }));
  expect(await callCommand([...command, '--url', other.url])).toMatchObject({ code: 64, out: '' });
});

test('images --missing REGION shows which regions are known where that one is not', async () => {
  const tracker = await startTrackerStandIn(({ path, query }) => {
    if (path === '/api/registries') return { status: 200, body: { registries: [{ name: 'contoso' }] } };
    const detail = 'region: "mars" is not a region of this registry; known regions: eastus, westeurope';
    return query.region === 'mars'
      ? { status: 400, body: { detail } }
      : { status: 200, body: { images: [], next: null } };
  });
  const list = (...words: string[]) => callCommand(['images', ...words, '--url', tracker.url]);
  expect((await list('--missing', 'eastus')).out).toBe('No such images.\n');
  expect((await list('app', '--missing')).out).toBe('No such images.\n');
  const asked = tracker.asked.filter(({ path }) => path === '/api/images').map(({ query }) => query);
  expect(asked).toEqual([
    { registry: 'contoso', region: 'eastus', missing: 'true', limit: '50' },
    { registry: 'contoso', q: 'app', missing: 'true', limit: '50' },
  ]);
  const unknown = await list('--missing', 'mars');
  expect([unknown.code, unknown.err]).toEqual([64, expect.stringContaining('known regions: eastus, westeurope')]);
  const two = await list('--missing', 'eastus', '--region', 'westeurope');
  expect([two.code, two.err]).toEqual([64, expect.stringContaining('name two regions')]);
});

test('replicas of one registry', async () => {
  const body = {
    registry: 'contoso.azurecr.io',
    source: 'arm',
    stale: true,
    warning: 'Webhooks report for estus.',
    regions: [
      {
        ...{ region: 'eastus', expected: true, observedOnly: false, health: 'healthy', globalRouting: false },
        ...{ lastWebhookAt: null, webhook: { status: 'disabled', reason: 'by hand' }, missingImages: 3 },
        ...{ lag: { p50Seconds: 0, p95Seconds: 75, count: 12 }, status: { displayStatus: 'Ready', message: null } },
      },
      {
        ...{ region: 'westeurope', expected: true, observedOnly: false, health: 'unhealthy', globalRouting: true },
        ...{ lastWebhookAt: null, silent: true, webhook: { status: 'ok' }, missingImages: 0, lag: {} },
        status: { displayStatus: 'Degraded', message: 'Storage is away', timestamp: '2026-06-01T10:00:00.000Z' },
      },
    ],
    likelyCauses: [{ trackingId: 'AB12', title: 'Registry trouble', regions: ['eastus'] }],
  };
  const tracker = await startTrackerStandIn(() => ({ status: 200, body }));
  const called = await callCommand(['replicas', '--registry', 'contoso', '--url', tracker.url]);
  expect(called.out.replaceAll(/ {2,}/g, '  ').split('\n')).toEqual([
    'contoso.azurecr.io: 2 regions, listed by Azure Resource Manager, more than an hour old',
    'REGION  ROLE  HEALTH  WEBHOOK  LAST WEBHOOK  LAG P50  LAG P95  IMAGES  MISSING',
    'eastus  expected, not routed  healthy  disabled  never  0 s  1 min 15 s  12  3',
    'westeurope  expected  unhealthy  ok  never, silent  0',
    'silent: westeurope, no webhook yet; other regions have reported images',
    'webhook eastus disabled: by hand',
    'replica westeurope: Degraded: Storage is away (2026-06-01T10:00:00.000Z)',
    'warning: Webhooks report for estus.',
    'incident AB12 (eastus): Registry trouble',
    '',
  ]);
  const { out } = await callCommand(['replicas', '--registry', 'contoso', '--url', tracker.url, '--output', 'json']);
  expect(JSON.parse(out)).toEqual(body);
});

describe('several addresses', () => {
  const lost = 'http://127.0.0.1:1';

  test.each([
    ['wait', image],
    ['status', image],
    ['images', '--registry', 'contoso'],
    ['replicas', '--registry', 'contoso'],
    ['releases'],
    ['waiting', '--registry', 'contoso'],
  ])('%s asks the next where the first does not answer', async (...words) => {
    const body = documentWith(['eastus', 'westeurope'], []);
    const broken = await startTrackerStandIn(() => ({ status: 502, body: '<h1>Bad gateway</h1>' }));
    const tracker = await startTrackerStandIn(() => ({
      status: 200,
      body: { ...body, images: [body], releases: [], waiting: [], next: null },
    }));
    const url = `${lost},${broken.url},${tracker.url}`;
    const called = await callCommand(words, { ACR_REPLICATION_URL: url, ACR_REPLICATION_KEY: 'k1' });
    expect(called.code).toBe(0);
    expect(broken.asked).toHaveLength(1);
    expect(tracker.asked[0]?.key).toBe('k1');
  });

  test('one that hangs has its share of the time', async () => {
    const silent = await startTrackerStandIn(() => 'hang');
    const tracker = await startTrackerStandIn(() => there);
    const called = await callCommand(['wait', image, '--url', `${silent.url},${tracker.url}`, '--timeout', '3s']);
    expect(called).toMatchObject({
      code: 0,
      err: expect.stringContaining('no answer in time; the next address answers'),
    });
  });

  test('none that answers is 5, with what was wrong with each', async () => {
    const broken = await startTrackerStandIn(() => ({ status: 502 }));
    const called = await callCommand(['status', image, '--url', `${lost}\n${broken.url}`]);
    expect(called).toMatchObject({
      code: 5,
      err: expect.stringMatching(/connection refused; the tracker answered 502/),
    });
  });
});

test('an app that runs without its functions is another failure than a wrong address', async () => {
  const { url } = await startTrackerStandIn(() => ({ status: 404, body: '' }));
  const called = await callCommand(['wait', image, '--url', url]);
  expect(called).toMatchObject({ code: 64, err: expect.stringContaining('runs without its functions') });
  expect(called.err).toContain('faulty settings');
});

test('a signal ends a question as well', async () => {
  const { url } = await startTrackerStandIn(() => 'hang');
  const called = await call(
    (cliContext) => runCommand(['status', image, '--url', url], '1', cliContext),
    {},
    AbortSignal.abort('SIGTERM'),
  );
  expect(called).toEqual({ code: 143, out: '', err: 'interrupted\n' });
});
