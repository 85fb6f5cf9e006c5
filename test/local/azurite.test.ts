/** Storage on this machine: fresh when it should be, kept when it should be, one owner per folder. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { TableClient } from '@azure/data-tables';
import { QueueServiceClient } from '@azure/storage-queue';
import { expect, test, vi } from 'vitest';
import { startAzurite, startAzuriteInProcess } from '../../src/local/azurite.ts';
import { makeFolder } from './make-folder.ts';

function openTable(connectionString: string): TableClient {
  return TableClient.fromConnectionString(connectionString, 'things', { allowInsecureConnection: true });
}

function openQueue(connectionString: string) {
  return QueueServiceClient.fromConnectionString(connectionString).getQueueClient('work');
}

/** Also correct for a zombie process. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync('/proc/self/stat') || !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('stores in this process are fresh and know nothing of each other', async () => {
  const [one, two] = [await startAzuriteInProcess(), await startAzuriteInProcess()];
  for (const { connectionString } of [one, two]) {
    await openTable(connectionString).createTable();
    await openQueue(connectionString).create();
    await openQueue(connectionString).sendMessage(connectionString);
  }
  await openTable(one.connectionString).createEntity({ partitionKey: 'p', rowKey: 'r' });
  await expect(openTable(two.connectionString).getEntity('p', 'r')).rejects.toMatchObject({ statusCode: 404 });
  await one.stop();
  await one.stop();
  const [message] = (await openQueue(two.connectionString).receiveMessages()).receivedMessageItems;
  expect(message?.messageText).toBe(two.connectionString);
  await two.stop();
});

test('a process of its own keeps tables and queues in its folder', async () => {
  const location = await makeFolder();
  const first = await startAzurite({ location });
  await openTable(first.connectionString).createTable();
  await openTable(first.connectionString).createEntity({ partitionKey: 'p', rowKey: 'r', text: 'kept' });
  await openQueue(first.connectionString).create();
  await openQueue(first.connectionString).sendMessage('kept');
  await first.stop();
  expect(await readdir(location)).not.toContain('in-use');

  const second = await startAzurite({ location });
  expect(await openTable(second.connectionString).getEntity('p', 'r')).toMatchObject({ text: 'kept' });
  expect((await openQueue(second.connectionString).peekMessages()).peekedMessageItems[0]?.messageText).toBe('kept');
  await second.stop();
});

test('without a folder everything is forgotten', async () => {
  const azurite = await startAzurite();
  expect(azurite.location).toBeUndefined();
  await openQueue(azurite.connectionString).create();
  await azurite.stop();
  await azurite.stop();
  expect(isAlive(azurite.pid)).toBe(false);
});

test('its data is saved when the process that started it is killed', async () => {
  const location = await makeFolder();
  const module = new URL('../../src/local/azurite.ts', import.meta.url).href;
  const script = `const { startAzurite } = await import(${JSON.stringify(module)});
    const azurite = await startAzurite({ location: ${JSON.stringify(location)} });
    console.log(JSON.stringify(azurite));`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(owner.stdout), 'line')) as [string];
  const { connectionString, pid } = JSON.parse(line) as { connectionString: string; pid: number };
  await openQueue(connectionString).create();
  owner.kill('SIGKILL');

  const next = await startAzurite({ location });
  expect(next.location).toBe(location);
  expect(await openQueue(next.connectionString).exists()).toBe(true);
  await vi.waitUntil(() => !isAlive(pid));
  await next.stop();
});

test('a second instance on the same folder takes the one beside it', async () => {
  const location = await makeFolder();
  const first = await startAzurite({ location });
  const second = await startAzurite({ location });
  expect(second.location).toBe(`${location}-2`);
  await Promise.all([first.stop(), second.stop()]);
});

test('one that was stopped for so long that another has its folder ends, and takes nothing from it', async () => {
  const location = await makeFolder();
  const stopped = await startAzurite({ location });
  process.kill(stopped.pid, 'SIGSTOP');
  const next = await startAzurite({ location });
  expect(next.location).toBe(location);
  process.kill(stopped.pid, 'SIGCONT');
  await vi.waitUntil(() => !isAlive(stopped.pid), 10_000);
  expect(await readdir(location)).toContain('in-use');
  await next.stop();
}, 60_000);

test('signals meant for the whole group leave it running until its owner stops it', async () => {
  const azurite = await startAzurite();
  process.kill(azurite.pid, 'SIGINT');
  process.kill(azurite.pid, 'SIGTERM');
  await openQueue(azurite.connectionString).create();
  await azurite.stop();
  expect(isAlive(azurite.pid)).toBe(false);
});

test('a folder that cannot be made is reported with what to do', async () => {
  await expect(startAzurite({ location: '/dev/null/azurite' })).rejects.toThrow(
    /Azurite: could not start \(.*\)\. Set AzureWebJobsStorage/,
  );
});
