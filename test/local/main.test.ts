/** The entry point as a real process: how it starts, what it prints, how it stops, what it keeps. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QueueServiceClient } from '@azure/storage-queue';
import { beforeAll, expect, test, vi } from 'vitest';
import { buildApp } from './build-app.ts';
import { makeFolder } from './make-folder.ts';
import { type MainProcess, spawnMain, waitForUrl } from './start-main.ts';

const source = `
  if (process.env.REFUSE) throw new Error(process.env.REFUSE);
  if (process.env.BREAK) undefined.property;
  app.get('env', { handler: () => ({ jsonBody: process.env }) });
  app.get('closed', { authLevel: 'function', handler: () => ({}) });
  app.post('publish', {
    async handler(request) {
      const { status } = await fetch(process.env.EVENT_GRID_TOPIC_ENDPOINT + '?api-version=2018-01-01', {
        method: 'POST',
        headers: { 'aeg-sas-key': process.env.EVENT_GRID_TOPIC_KEY, 'content-type': 'application/cloudevents-batch+json' },
        body: await request.text(),
      });
      return { status };
    },
  });`;

let app: string;
beforeAll(async () => {
  app = await buildApp({ source });
});

async function readEnvironment(url: string): Promise<Record<string, string>> {
  return (await (await fetch(`${url}/api/env`)).json()) as Record<string, string>;
}

async function stop(main: MainProcess, signal: NodeJS.Signals = 'SIGTERM') {
  main.kill(signal);
  return main.exited;
}

const event = {
  id: 'e-1',
  source: '/r',
  type: 'AcrReplication.TagConverged',
  specversion: '1.0',
  subject: 'team/app:v1',
};

function publish(url: string, body: unknown): Promise<Response> {
  return fetch(`${url}/api/publish`, { method: 'POST', body: JSON.stringify(body) });
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'it says where it listens, keeps its data over %s, and ends with 0',
  async (signal) => {
    const data = await makeFolder();
    const first = await spawnMain({ app, data });
    const url = await waitForUrl(first);
    const queues = QueueServiceClient.fromConnectionString((await readEnvironment(url)).AzureWebJobsStorage ?? '');
    await queues.createQueue('kept');
    await queues.getQueueClient('kept').sendMessage('still here');
    expect(await stop(first, signal)).toEqual({ code: 0, signal: null });
    expect(first.stdout()).toBe(`Listening on ${url}\n`);
    expect(first.stderr()).toBe('');

    const second = await spawnMain({ app, data });
    const { AzureWebJobsStorage: connection = '' } = await readEnvironment(await waitForUrl(second));
    const kept = QueueServiceClient.fromConnectionString(connection).getQueueClient('kept');
    expect((await kept.peekMessages()).peekedMessageItems.map(({ messageText }) => messageText)).toEqual([
      'still here',
    ]);
    await stop(second);
  },
);

test('of the tracker it names page, registries and the setting with the secret, which it does not show', async () => {
  const REGISTRIES = '[{"name":"contoso","regions":["eastus","westeurope"]},{"name":"fabrikam","regions":["eastus"]}]';
  const data = await makeFolder();
  const main = await spawnMain({ app, data, env: { REGISTRIES, WEBHOOK_SECRETS: 'a-secret-of-the-tests-only' } });
  const url = await waitForUrl(main);
  await vi.waitUntil(() => main.stdout().includes('WEBHOOK_SECRETS'), { timeout: 10_000 });
  expect(main.stdout().split('\n').slice(1, -1)).toEqual([
    `  page        ${url}/ui`,
    '  registries  contoso (eastus, westeurope), fabrikam (eastus)',
    `  webhooks    POST ${url}/api/webhooks/{registry}/{region}, with the secret in WEBHOOK_SECRETS`,
  ]);
  await stop(main);
});

test('killed without a chance to stop, it still keeps its data', async () => {
  const data = await makeFolder();
  const first = await spawnMain({ app, data });
  const { AzureWebJobsStorage: before = '' } = await readEnvironment(await waitForUrl(first));
  await QueueServiceClient.fromConnectionString(before).createQueue('survivor');
  await stop(first, 'SIGKILL');

  const second = await spawnMain({ app, data });
  const { AzureWebJobsStorage: after = '' } = await readEnvironment(await waitForUrl(second));
  expect(await QueueServiceClient.fromConnectionString(after).getQueueClient('survivor').exists()).toBe(true);
  expect(second.stderr()).toBe('');
  await stop(second);
});

test('events are printed one per line, kept to be read, and an outage can be asked for', async () => {
  const main = await spawnMain({ app, data: await makeFolder() });
  const url = await waitForUrl(main);
  expect((await publish(url, [event])).status).toBe(200);
  const outage = (body: unknown) => fetch(`${url}/local/topic/outage`, { method: 'POST', body: JSON.stringify(body) });
  expect((await outage({ status: 503, seconds: 60 })).status).toBe(204);
  expect((await publish(url, [{ ...event, id: 'e-2' }])).status).toBe(503);
  expect((await outage({ status: 503, seconds: 0 })).status).toBe(204);
  expect((await outage({ status: 200, seconds: 1 })).status).toBe(400);
  expect((await outage({ delayMs: -1 })).status).toBe(400);
  expect((await outage({ delayMs: 1 })).status).toBe(204);
  expect((await publish(url, [{ ...event, id: 'e-3', subject: undefined }])).status).toBe(200);
  const kept = (await (await fetch(`${url}/local/events`)).json()) as { id: string }[];
  expect(kept.map(({ id }) => id)).toEqual(['e-1', 'e-3']);
  expect((await fetch(`${url}/local/nothing`)).status).toBe(404);
  await stop(main);
  expect(main.stdout().split('\n').slice(1, -1)).toEqual([
    'event AcrReplication.TagConverged team/app:v1 e-1',
    'event AcrReplication.TagConverged - e-3',
  ]);
});

test('with a topic and a storage of its own it starts neither', async () => {
  const env = {
    EVENT_GRID_TOPIC_ENDPOINT: 'https://elsewhere.example/api/events',
    AzureWebJobsStorage: 'DefaultEndpointsProtocol=https;AccountName=x;AccountKey=eA==;EndpointSuffix=core.windows.net',
  };
  const main = await spawnMain({ app, data: await makeFolder(), env });
  const url = await waitForUrl(main);
  const seen = await readEnvironment(url);
  expect(seen).toMatchObject(env);
  expect(seen.EVENT_GRID_TOPIC_KEY).toBeUndefined();
  expect((await fetch(`${url}/local/events`)).status).toBe(404);
  await stop(main);
});

test('the environment wins over the settings file, which wins over nothing', async () => {
  const folder = await makeFolder();
  const values = { FROM_FILE: 'file', FROM_BOTH: 'file', NUMBER: 3 };
  await writeFile(join(folder, 'local.settings.sample.json'), JSON.stringify({ IsEncrypted: false, Values: values }));
  const main = await spawnMain({ app, data: await makeFolder(), folder, env: { FROM_BOTH: 'environment' } });
  const url = await waitForUrl(main);
  expect(await readEnvironment(url)).toMatchObject({
    FROM_FILE: 'file',
    FROM_BOTH: 'environment',
    NUMBER: '3',
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    WEBSITE_HOSTNAME: new URL(url).host,
  });
  await stop(main);
});

test('keys are asked for with --enable-auth only', async () => {
  const data = await makeFolder();
  const [asking, open] = await Promise.all([
    spawnMain({ app, data, flags: ['--enable-auth'] }),
    spawnMain({ app, data: await makeFolder() }),
  ]);
  expect((await fetch(`${await waitForUrl(asking)}/api/closed`)).status).toBe(401);
  expect((await fetch(`${await waitForUrl(open)}/api/closed`)).status).toBe(200);
  await Promise.all([stop(asking), stop(open)]);
});

test('--verbose logs every invocation', async () => {
  const main = await spawnMain({ app, data: await makeFolder(), flags: ['--verbose'] });
  await readEnvironment(await waitForUrl(main));
  await stop(main);
  expect(main.stderr()).toMatch(/^debug env: succeeded in \d+ ms$/m);
});

test.each<[what: string, env: Record<string, string>, said: RegExp]>([
  ['its own refusal', { REFUSE: 'WEBHOOK_SECRETS: required' }, /^WEBHOOK_SECRETS: required\n$/],
  ['a bug, with its place', { BREAK: '1' }, /^TypeError: .*\n +at .*main\.cjs/],
  ['a port that is none', { PORT: 'seven' }, /^PORT: must be a number from 0 to 65535 \(got "seven"\)\.\n$/],
])('an app that cannot start ends with 1 and says once: %s', async (_, env, said) => {
  const main = await spawnMain({ app, data: await makeFolder(), env });
  expect(await main.exited).toEqual({ code: 1, signal: null });
  expect(main.stdout()).toBe('');
  expect(main.stderr()).toMatch(said);
});

test('a flag it does not know ends with 1', async () => {
  const main = await spawnMain({ app, data: await makeFolder(), flags: ['--nonsense'] });
  expect((await main.exited).code).toBe(1);
  expect(main.stderr()).toMatch(/--nonsense/);
});

test('an app that is an ECMAScript module runs as well', async () => {
  const main = await spawnMain({
    app: await buildApp({ source: `await 0;\n${source}`, format: 'esm' }),
    data: await makeFolder(),
  });
  expect((await fetch(`${await waitForUrl(main)}/api/env`)).status).toBe(200);
  await stop(main);
});

test('started by npm, it stops and saves when only npm and its shell are ended', async () => {
  const data = await makeFolder();
  const main = await spawnMain({ app, data, throughShell: true, env: { npm_lifecycle_event: 'start' } });
  await waitForUrl(main);
  main.kill('SIGTERM');
  // Its pipes close when it ends, not when the shell does.
  await main.exited;
  await vi.waitUntil(async () => !(await readdir(join(data, 'azurite'))).includes('in-use'));
});
