/**
 * Webhooks forwarded by the real app: each target gets a tag's push once the image is where that target needs it, also
 * when the target refuses at first, and when the app is killed in between.
 */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AzuriteProcess } from '../../src/local/azurite.ts';
import { startAzurite } from '../../src/local/azurite.ts';
import type { App } from '../support/app.ts';
import { deliver, startInstance, until } from '../support/app.ts';

const token = 'a-token-of-the-tests';
const digestOf = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`;

interface Received {
  readonly target: string;
  readonly digest: string;
  readonly id: string;
  readonly isSigned: boolean;
}

let azurite: AzuriteProcess;
let receiver: Server;
let settings: Record<string, string>;
let app: App;
let refuses = 0;
const received: Received[] = [];

/** As Flux and the others do: 503 while they start, else 200. */
async function take(request: IncomingMessage): Promise<number> {
  const raw = await text(request);
  if (refuses > 0) {
    refuses--;
    return 503;
  }
  const { id, target } = JSON.parse(raw);
  const signature = `sha256=${createHmac('sha256', token).update(raw).digest('hex')}`;
  received.push({
    target: request.url ?? '',
    digest: target.digest,
    id,
    isSigned: request.headers['x-signature'] === signature,
  });
  return 200;
}

beforeAll(async () => {
  azurite = await startAzurite();
  receiver = createServer((request, response) => {
    void take(request).then((status) => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  settings = {
    FORWARD_WEBHOOKS: JSON.stringify([
      { name: 'everywhere', url: `${origin}/everywhere`, secret: token, allowPrivate: true },
      { name: 'east', url: `${origin}/east`, regions: ['eastus'], allowPrivate: true },
      { name: 'not-allowed', url: `${origin}/not-allowed` },
    ]),
  };
  app = await start();
}, 60_000);

afterAll(async () => {
  await app?.stop();
  receiver?.closeAllConnections();
  receiver?.close();
  await azurite?.stop();
}, 60_000);

const start = () => startInstance({ storage: azurite.connectionString, regions: ['eastus', 'westeurope'], settings });
const of = (n: number) => received.filter(({ digest }) => digest === digestOf(n));
const targetsOf = (n: number) => new Set(of(n).map(({ target }) => target));

test('each target gets its webhook when its regions have the image', async () => {
  await deliver([app.url], { digest: digestOf(1), region: 'eastus', tag: 'v1' });
  await until(() => targetsOf(1).has('/east'), Boolean, 20_000);
  expect([...targetsOf(1)]).toEqual(['/east']);
  await deliver([app.url], { digest: digestOf(1), region: 'westeurope', tag: 'v1' });
  await until(() => targetsOf(1).has('/everywhere'), Boolean, 20_000);
  expect(of(1).map(({ isSigned }) => isSigned)).toEqual([false, true]);
}, 60_000);

test('a target that refuses gets it later', async () => {
  refuses = 1;
  await deliver([app.url], { digest: digestOf(2), region: 'eastus', tag: 'v2' });
  await until(() => targetsOf(2).has('/east'), Boolean, 40_000);
  expect(refuses).toBe(0);
}, 60_000);

test('an app that is killed in between loses none, and detects a repeat by its id', async () => {
  refuses = Number.POSITIVE_INFINITY;
  await deliver([app.url], { digest: digestOf(3), region: 'eastus', tag: 'v3' });
  await deliver([app.url], { digest: digestOf(3), region: 'westeurope', tag: 'v3' });
  // While one is being sent, its message is out of sight for as long as the host allows: ten minutes.
  const isLaidAgain = (lines: string, target: string) =>
    lines.split('\n').some((line) => ['not accepted', `"${target}"`, digestOf(3)].every((part) => line.includes(part)));
  await until(
    () => app.lastLines(),
    (lines) => isLaidAgain(lines, 'east') && isLaidAgain(lines, 'everywhere'),
    20_000,
  );
  app.kill();
  await app.stop();
  refuses = 0;
  app = await start();
  await until(
    () => targetsOf(3).size,
    (size) => size === 2,
    90_000,
  );
  for (const target of targetsOf(3)) {
    expect(new Set(of(3).flatMap((one) => (one.target === target ? [one.id] : []))).size).toBe(1);
  }
}, 120_000);

test('no private address is connected to unless it is allowed, and no address is in the log', () => {
  expect(received.filter(({ target }) => target === '/not-allowed')).toEqual([]);
  expect(app.lastLines()).not.toContain('/everywhere');
});
