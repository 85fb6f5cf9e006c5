/** Apps that the host must not start, and what it says. */
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startHost } from '../../src/local/host/host.ts';
import { type AppDeps, buildApp } from './build-app.ts';
import { makeFolder } from './make-folder.ts';

const handler = 'handler: () => ({})';

test.each<[what: string, app: AppDeps, message: RegExp]>([
  ['its own error', { source: "throw new Error('REGISTRIES: required');" }, /^REGISTRIES: required$/],
  ['its start hook', { source: "app.hook.appStart(() => { throw new Error('not today'); });" }, /^not today$/],
  [
    'a name used twice',
    { source: `app.get('a', { ${handler} }); app.get('A', { route: 'b', ${handler} });` },
    /"A" has already been registered/,
  ],
  [
    'a route used twice',
    { source: `app.get('a', { route: 'x', ${handler} }); app.get('b', { route: 'x', ${handler} });` },
    /already that of a/,
  ],
  ['a reserved route', { source: `app.get('a', { route: 'admin/x', ${handler} });` }, /starts with "admin"/],
  [
    'a trigger that is not served',
    { source: `app.storageBlob('a', { path: 'x', connection: 'X', ${handler} });` },
    /blobTrigger/,
  ],
  [
    'an output that is not served',
    {
      source: `import { output } from '@azure/functions';
        app.get('a', { extraOutputs: [output.storageQueue({ queueName: 'q', connection: 'X' })], ${handler} });`,
    },
    /"queue" \(out\)/,
  ],
  [
    'a bad schedule',
    { source: "app.timer('a', { schedule: '0 0 0 * * 7', handler: () => {} });" },
    /a: schedule "0 0 0 \* \* 7": the host does not know "7"/,
  ],
  [
    'a schedule from a setting that is not set',
    { source: "app.timer('a', { schedule: '%WHEN%', handler: () => {} });" },
    /WHEN, which is not set/,
  ],
  [
    'a queue without a connection',
    { source: "app.storageQueue('a', { queueName: 'q', connection: 'Jobs', handler: () => {} });" },
    /the setting Jobs must be a storage connection string/,
  ],
  [
    'a bad host.json',
    { source: '', extensions: { queues: { batchSize: 33 } } },
    /extensions\.queues\.batchSize must be a whole number from 1 to 32 \(got 33\)/,
  ],
])('an app is refused for %s', async (_, parts, message) => {
  await expect(startHost({ appDirectory: await buildApp(parts) })).rejects.toThrow(message);
});

test.each([
  ['host.json', /host\.json: cannot be read/],
  ['package.json', /package\.json: cannot be read/],
  ['main.cjs', /no file matches "main" \(got "main\.cjs"\)/],
])('a folder without %s is refused', async (file, message) => {
  const folder = await buildApp({ source: '' });
  await rm(join(folder, file));
  await expect(startHost({ appDirectory: folder })).rejects.toThrow(message);
});

test('a main that names nothing is refused', async () => {
  const folder = await makeFolder();
  await writeFile(join(folder, 'host.json'), '{"version":"2.0"}');
  await writeFile(join(folder, 'package.json'), '{}');
  await expect(startHost({ appDirectory: folder })).rejects.toThrow(/"main" must name/);
});

test('a port in use is refused, with what to do', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(startHost({ appDirectory: await buildApp(), port })).rejects.toThrow(
    /Cannot listen .* Set PORT to another/,
  );
  other.close();
});

test('while the app loads, what does not need it is served already, and the rest is asked to come again', async () => {
  const source = `app.hook.appStart(async () => {
    const { origin } = globalThis;
    globalThis.answers = [(await fetch(origin + '/local/x')).status, (await fetch(origin + '/api/a')).status];
  });`;
  const shared = globalThis as { origin?: string; answers?: number[] };
  const mount = { prefix: '/local', handle: ({ response }: { response: ServerResponse }) => void response.end('here') };
  const host = await startHost({
    appDirectory: await buildApp({ source }),
    mounts: [mount],
    prepare(url) {
      shared.origin = url;
    },
  });
  await host.stop();
  expect(shared.answers).toEqual([200, 503]);
});

test('after a refusal the port is free again', async () => {
  let url = '';
  const refused = startHost({
    appDirectory: await buildApp({ source: "throw new Error('no');" }),
    prepare: (at) => (url = at),
  });
  await expect(refused).rejects.toThrow('no');
  const host = await startHost({ appDirectory: await buildApp(), port: Number(new URL(url).port) });
  expect(host.url).toBe(url);
  await host.stop();
});
