import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DueWork } from '../../src/core/due-work/due-work.ts';
import type { Delivery } from '../../src/core/ports.ts';
import {
  parseDeliveryMessage,
  parseDueWork,
  parseReplayMessage,
  toDeliveryMessage,
  toReplayMessage,
  toSharedMessage,
} from '../../src/core/queue-messages.ts';
import { deleteOf, digestOf, pushOf, repositoryOf, tagOf } from '../support/build.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };

const deliveries: [string, Delivery][] = [
  ['a push', { name, fact: pushOf('eastus', '2026-06-01T12:00:00.1234567Z', { tag: 'v1', mediaType: 'a/b' }) }],
  ['a push without tag and media type', { name, fact: pushOf('eastus', '2026-06-01T12:00:00Z') }],
  ['a delete', { name, fact: deleteOf('westeurope', '2026-06-01T12:00:00Z', { evidence: 'eventGrid' }) }],
];

/** As the queue hands it back: JSON, and one top-level field, since the host merges those into its own metadata. */
function sent(message: object): unknown {
  expect(Object.keys(message)).toHaveLength(1);
  expect(Object.keys(message)[0]).not.toMatch(
    /^(id|dequeueCount|popReceipt|expirationTime|insertionTime|queueTrigger)$/i,
  );
  return JSON.parse(JSON.stringify(message));
}

describe('a delivery', () => {
  test.each(deliveries)('%s comes back as it was sent', (_what, delivery) => {
    expect(parseDeliveryMessage(sent(toDeliveryMessage(delivery)))).toEqual([delivery]);
  });

  test('comes back with those that share its message', () => {
    const all = deliveries.map(([, delivery]) => delivery);
    expect(parseDeliveryMessage(sent(toSharedMessage(all)))).toEqual(all);
    for (const one of all) expect(toSharedMessage([one])).toEqual(toDeliveryMessage(one));
  });

  const fact = {
    region: 'eastus',
    kind: 'push',
    eventTime: '2026-06-01T12:00:00.000000000Z',
    receivedAt: 5,
    evidence: 'webhook',
  };

  test('of a newer version is read for what is known of it', () => {
    const message = { delivery: { name: { ...name, extra: 1 }, fact: { ...fact, extra: 2 } }, extra: 3 };
    expect(parseDeliveryMessage(message)).toEqual([{ name, fact }]);
    expect(parseDeliveryMessage({ deliveries: [message, message] })).toEqual([
      { name, fact },
      { name, fact },
    ]);
  });

  test.each<[string, unknown]>([
    ['a text', 'push'],
    ['nothing', {}],
    ['none of several', { deliveries: [] }],
    ['one of several that is none', { deliveries: [{ delivery: { name, fact } }, { delivery: { name } }] }],
    ['due work', { kind: 'image', name }],
    ['a digest that is none', { delivery: { name: { ...name, digest: 'sha256:1' }, fact } }],
    ['a repository that is none', { delivery: { name: { ...name, repository: 'Team/App' }, fact } }],
    ['no registry', { delivery: { name: { ...name, registry: '' }, fact } }],
    // Keys are made of these: another spelling would be another row.
    ['a region in another spelling', { delivery: { name, fact: { ...fact, region: 'East US' } } }],
    ['a time in another spelling', { delivery: { name, fact: { ...fact, eventTime: '2026-06-01T12:00:00Z' } } }],
    ['another kind', { delivery: { name, fact: { ...fact, kind: 'quarantine' } } }],
    ['unknown evidence', { delivery: { name, fact: { ...fact, evidence: 'rumour' } } }],
    ['a tag that is none', { delivery: { name, fact: { ...fact, tag: 'v/1' } } }],
    ['a text as time of receipt', { delivery: { name, fact: { ...fact, receivedAt: '5' } } }],
  ])('is not %s', (_what, message) => {
    expect(() => parseDeliveryMessage(message)).toThrow();
  });
});

describe('due work', () => {
  const order = {
    target: 'cluster',
    name,
    tag: tagOf('v1'),
    mediaType: null,
    pushedAt: '2026-06-01T12:00:00Z',
    madeAt: 5,
    id: '5f0c7b1e-0000-8000-a000-000000000000',
  };
  const check = { kind: 'check', id: 'a'.repeat(40), sequence: 3, aheadMs: -7 } as const;
  const stored = (work: unknown) => JSON.parse(JSON.stringify(work));

  test.each<[string, DueWork]>([
    ['an image', { kind: 'image', name }],
    ['an image that no replica has reported', { kind: 'image', name, firstNoticedAt: 500 }],
    ['a check', check],
    ['a forward', { kind: 'forward', order, attempt: 3 }],
    ['a release', { kind: 'release', name: 'shop-2.4', revision: 2 }],
    ['a release that was not there', { kind: 'release', name: 'shop-2.4', revision: 2, wasMissing: true }],
    ['a replay', { kind: 'replay', message: { id: 'abc-1', failures: 0 } }],
    ['a stalled replay', { kind: 'replay', message: { id: 'abc-1', failures: 3, stalledAt: 5 } }],
  ])('%s comes back as it was stored', (_what, work) => {
    expect(parseDueWork(stored(work))).toEqual(work);
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a delivery', toDeliveryMessage({ name, fact: pushOf('eastus', '2026-06-01T12:00:00Z') })],
    ['a text as time of notice', { kind: 'image', name, firstNoticedAt: '5' }],
    ['an image that is none', { kind: 'image', name: { ...name, digest: 'latest' } }],
    ['a check of another form', { ...check, id: 'x' }],
    ['a check whose id would be more than an id', { ...check, id: "a' or 'a".padEnd(40, 'a') }],
    ['a check without a sequence number', { ...check, sequence: 0 }],
    ['a tag that is none', { kind: 'forward', order: { ...order, tag: '../' }, attempt: 1 }],
    ['a release of another name', { kind: 'release', name: 'Shop', revision: 2 }],
    ['a release before its first revision', { kind: 'release', name: 'shop', revision: 0 }],
    ['of a later version', { kind: 'sweep' }],
  ])('is not %s', (_what, work) => {
    expect(parseDueWork(work)).toBeUndefined();
  });
});

test('anything else is refused, and nothing is read as both', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (message) => {
      expect(() => parseDeliveryMessage(message)).toThrow();
      expect(parseDueWork(message)).toBeUndefined();
    }),
  );
});

describe('a step of a replay', () => {
  test.each([
    { id: 'abc-1', failures: 0 },
    { id: 'abc-1', failures: 3, stalledAt: 5 },
  ])('%j comes back', (message) => {
    expect(parseReplayMessage(sent(toReplayMessage(message)))).toEqual(message);
  });

  test.each([{}, { replay: {} }, { replay: { id: 7 } }, { replay: { id: 'a', failures: -1 } }])(
    '%j is none',
    (message) => {
      expect(() => parseReplayMessage(message)).toThrow();
    },
  );
});
