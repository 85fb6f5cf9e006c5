/**
 * The built app on a Functions host, seen from outside: an address, a storage, a topic, keys. The same tests run on the
 * local host here and, by `npm run test:host`, on the real one, so that what the local host promises is what is deployed.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import { describeEventGrid } from './event-grid.ts';
import { describeFailures, describeStop } from './failures.ts';
import { readHostCommand, report } from './launch.ts';
import { describeMcp } from './mcp.ts';
import { describeQuestions } from './questions.ts';
import { describeRouting } from './routing.ts';
import type { HostUnderTest } from './under-test.ts';
import { startHostUnderTest } from './under-test.ts';
import { describeWebhooks } from './webhooks.ts';

let started: HostUnderTest | undefined;
const host = () => {
  if (started === undefined) throw new Error('the host has not started');
  return started;
};

beforeAll(async () => {
  started = await startHostUnderTest();
  await report(`first-webhook ${started.secondsToFirstWebhook()}`);
}, 180_000);

afterAll(() => started?.close(), 60_000);

describe(readHostCommand().name, () => {
  describeFailures(host);
  describeWebhooks(host);
  describeQuestions(host);
  describeRouting(host);
  describeEventGrid(host);
  describeMcp(host);
  describeStop(host);
});
