/** The real command against the real app: exit codes, restarts, Ctrl-C, piped and on a terminal. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { App, AppInput } from '../support/app.ts';
import { deliver, loginServer, startInstance, until } from '../support/app.ts';
import { run } from '../support/run.ts';
import type { RunningCommand } from '../support/run-command.ts';
import { startCommand } from '../support/run-command.ts';
import { startTrackerStandIn } from '../support/tracker-stand-in.ts';

const regions = ['eastus', 'southeastasia', 'westeurope'];
const modes = ['piped', 'terminal'] as const;
const digestOf = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`;
const imageOf = (n: number) => `${loginServer}/team/app@${digestOf(n)}`;
/** Every command starts and sends its request within this time even on a busy machine. */
const patienceMs = 25_000;
const flags = ['--enable-auth'];

let data: string;
let app: App;
let key: string;

const startApp = (input: AppInput = {}) => startInstance({ data, regions, flags, ...input });

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'acr-replication-tracker-'));
  app = await startApp();
  key = JSON.parse(await readFile(join(data, 'keys.json'), 'utf8')).function;
  await Promise.all([push(1, regions), push(2, ['eastus']), push(3, regions), push(4, regions, 'v4')]);
  for (const region of regions) await deliver([app.url], { digest: digestOf(3), region, action: 'delete' });
  await push(5, regions, 'v4');
}, 60_000);

afterAll(async () => {
  await app?.stop();
  await rm(data, { recursive: true, force: true });
}, 60_000);

async function push(n: number, to: readonly string[], tag?: string): Promise<void> {
  for (const region of to)
    await deliver([app.url], { digest: digestOf(n), region, ...(tag === undefined ? {} : { tag }) });
}

const knowing = () => ({ ACR_REPLICATION_URL: app.url, ACR_REPLICATION_KEY: key });

function start(mode: (typeof modes)[number], words: readonly string[], more: Record<string, string> = {}) {
  return startCommand(words, { mode, environment: { ...knowing(), ...more } });
}

const output = (running: RunningCommand) => stripVTControlCharacters(running.out() + running.err());
const saying = (running: RunningCommand, words: string) =>
  until(
    () => output(running),
    (text) => text.includes(words),
    patienceMs,
  );

test('images that are piped in are waited for, but for those of other registries', async () => {
  const manifest = JSON.stringify({ kind: 'Pod', spec: { containers: [{ image: imageOf(1) }, { image: 'redis:7' }] } });
  const command = new URL('../../bin/acr-replication.mjs', import.meta.url).pathname;
  const pipe = `printf '%s' '${manifest}' | '${process.execPath}' ${command}`;
  const ask = (rest: string) =>
    run('sh', ['-c', `${pipe} ${rest}`], data, { PATH: process.env.PATH ?? '', ...knowing() });
  const there = await ask('wait -f - --timeout 20');
  expect([there.code, there.out]).toEqual([0, expect.stringContaining('is in 3 of 3 regions')]);
  expect(there.err).toContain('left out, since docker.io is not tracked: library/redis:7');
  expect(await ask('wait -f - --strict')).toMatchObject({ code: 64, out: '' });
  expect(await ask(`wait ${imageOf(2)} -f - --timeout 0`)).toMatchObject({ code: 2 });
  expect(await ask('status -f -')).toMatchObject({ code: 0, out: expect.stringContaining('3 of 3') });
}, 60_000);

describe.each(modes)('exit codes, %s', (mode) => {
  test.each<[number, string, string[], string]>([
    [0, 'there', [imageOf(1)], 'is in 3 of 3 regions'],
    [0, 'there in enough regions', [imageOf(2), '--require', 'any'], 'is in 1 of 3 regions, 1 needed'],
    [2, 'timed out', [imageOf(2), '--timeout', '5'], 'in 1 of 3 regions; missing: southeastasia, westeurope'],
    [2, 'never seen', [imageOf(9), '--timeout', '0'], 'No region has reported it'],
    [3, 'deleted', [imageOf(3), '--timeout', '2'], 'is deleted in every region that had it'],
    [
      3,
      'superseded',
      [`${loginServer}/team/app:v4@${digestOf(4)}`, '--timeout', '2'],
      'in every region asked for, tag v4 points at another digest',
    ],
    [4, 'refused', [imageOf(1), '--key', 'another'], 'the tracker refused the key (401)'],
    [5, 'unreachable', [imageOf(1), '--url', 'http://127.0.0.1:9', '--timeout', '1'], 'cannot be reached'],
    [64, 'unknown region', [imageOf(1), '--regions', 'mars'], 'known regions: eastus, southeastasia, westeurope'],
    [64, 'unknown registry', ['other.azurecr.io/team/app:v1'], 'is not tracked here'],
    [64, 'not its address', [imageOf(1), '--url', 'ADDRESS/elsewhere'], 'no tracker answers at'],
    [64, 'no image', ['NOT/AN/IMAGE'], 'image: '],
  ])('%d: %s', async (code, _, words, text) => {
    const running = start(mode, ['wait', ...words.map((word) => word.replace('ADDRESS', app.url))]);
    expect(await running.ended).toMatchObject({ code });
    expect(output(running)).toContain(text);
  });

  test('1: something unexpected', async () => {
    const { url } = await startTrackerStandIn(() => ({ status: 418 }));
    const running = start(mode, ['wait', imageOf(1), '--url', url]);
    expect(await running.ended).toMatchObject({ code: 1 });
  });
});

describe.each(modes)('%s', (mode) => {
  const n = mode === 'piped' ? 20 : 30;

  test('released by the last region', async () => {
    await push(n, ['eastus', 'westeurope']);
    const running = start(mode, ['wait', imageOf(n), '--timeout', '2m']);
    await saying(running, mode === 'piped' ? 'missing: southeastasia' : 'in 2 of 3 regions');
    await push(n, ['southeastasia']);
    expect(await running.ended).toMatchObject({ code: 0 });
    expect(output(running)).toContain(`${imageOf(n)} is in 3 of 3 regions after`);
    expect(output(running)).toMatch(/southeastasia:? +available, .* after the first/);
  });

  test('several images, released by the last region of the last', async () => {
    const [shop, worker] = [n + 3, n + 4];
    await push(shop, ['eastus', 'westeurope', 'southeastasia']);
    await push(worker, ['eastus', 'westeurope']);
    const running = start(mode, ['wait', imageOf(shop), imageOf(worker), '--timeout', '2m']);
    await saying(running, '1 of 2 images');
    await push(worker, ['southeastasia']);
    expect(await running.ended).toMatchObject({ code: 0 });
    expect(output(running)).toMatch(/2 of 2 images are where they must be after \d/);
  });

  test('Ctrl-C ends it with a summary', async () => {
    await push(n + 1, ['eastus']);
    const running = start(mode, ['wait', imageOf(n + 1)]);
    await saying(running, mode === 'piped' ? 'missing: ' : 'in 1 of 3 regions');
    running.interrupt();
    expect(await running.ended).toMatchObject({ code: 130 });
    expect(output(running)).toMatch(/interrupted after .* is in 1 of 3 regions; missing: southeastasia, westeurope/);
  });

  test('a restart of the tracker in the middle', async () => {
    await push(n + 2, ['eastus', 'westeurope']);
    const running = start(mode, ['wait', imageOf(n + 2), '--timeout', '3m']);
    await saying(running, mode === 'piped' ? 'missing: southeastasia' : 'in 2 of 3 regions');
    const port = Number(new URL(app.url).port);
    await app.stop();
    // A 503 of the stopping app, or a refused connection: the first of them is printed.
    await saying(running, 'asking again');
    app = await startApp({ port });
    await push(n + 2, ['southeastasia']);
    expect(await running.ended).toMatchObject({ code: 0 });
    expect(output(running)).toContain(`${imageOf(n + 2)} is in 3 of 3 regions after`);
  }, 120_000);
});

test('SIGTERM ends it with a summary as well', async () => {
  const running = start('piped', ['wait', imageOf(2)]);
  await saying(running, 'missing: ');
  running.interrupt('SIGTERM');
  const { code, out } = await running.ended;
  expect([code, out]).toEqual([143, expect.stringMatching(/^interrupted after .* is in 1 of 3 regions/)]);
});

test('json is one line on standard output and progress is not there', async () => {
  const { code, out, err } = await start('piped', ['wait', imageOf(1), '--output', 'json']).ended;
  expect(code).toBe(0);
  expect(out.split('\n')).toHaveLength(2);
  expect(JSON.parse(out)).toMatchObject({ image: imageOf(1), satisfied: true });
  expect(err).toContain('waiting for');
});

test('colours on a terminal, and not with NO_COLOR', async () => {
  const green = '\u001b[32m';
  const words = ['wait', imageOf(1)];
  expect((await start('terminal', words).ended).out).toContain(green);
  expect((await start('terminal', words, { NO_COLOR: '1' }).ended).out).not.toMatch(/\[\d+m/);
  const piped = await start('piped', words).ended;
  expect(piped.out + piped.err).not.toContain('\u001b');
  const dumb = await start('terminal', words, { TERM: 'dumb' }).ended;
  expect(dumb.out).not.toContain('\u001b');
});

test('nothing is rewritten in a build, terminal or not', async () => {
  const { out } = await start('terminal', ['wait', imageOf(1)], { CI: 'true', NO_COLOR: '1' }).ended;
  expect(out).not.toContain('\u001b');
  expect(out).toContain('eastus: available, first (3 of 3 regions)');
});

test('a closed pipe is no crash', async () => {
  const running = startCommand(['wait', imageOf(1)], { mode: 'piped', environment: knowing(), isUnread: true });
  const { code, err } = await running.ended;
  expect([code, err]).toEqual([0, expect.not.stringContaining('EPIPE')]);
});

test('status, images and replicas of the real thing', async () => {
  const [status, images, replicas] = await Promise.all([
    start('piped', ['status', imageOf(2)]).ended,
    start('piped', ['images', '--state', 'replicating', '--output', 'json']).ended,
    start('piped', ['replicas']).ended,
  ]);
  expect(status).toMatchObject({
    code: 0,
    out: expect.stringContaining(`${imageOf(2)}: replicating, in 1 of 3 regions`),
  });
  const listed = images.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).image);
  expect(listed).toContain(imageOf(2));
  expect(replicas).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^contoso\.azurecr\.io: 3 regions, listed in the settings\n/),
  });
});

test.each(['acr-replication', 'acr-replication-tracker'])('npx %s is the command', async (name) => {
  const root = new URL('../../', import.meta.url).pathname;
  const { PATH = '', HOME = '' } = process.env;
  const { code, out } = await run('npx', ['--no-install', name, '--version'], root, { PATH, HOME });
  expect([code, out.trim()]).toEqual([0, JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).version]);
});
