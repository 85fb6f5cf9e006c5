import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  parseDeliveryMessage,
  parseReplayMessage,
  parseWakeMessage,
  toDeliveryMessage,
  toReplayMessage,
  toWakeMessage,
} from '../../src/core/messages.ts';
import type { Delivery } from '../../src/core/ports.ts';
import { deleteOf, digestOf, pushOf, repositoryOf } from '../support/build.ts';

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
    expect(parseDeliveryMessage(sent(toDeliveryMessage(delivery)))).toEqual(delivery);
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
    expect(parseDeliveryMessage(message)).toEqual({ name, fact });
  });

  test.each<[string, unknown]>([
    ['a text', 'push'],
    ['nothing', {}],
    ['a wake message', toWakeMessage({ images: [name], at: 1_000 })],
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

describe('a wake', () => {
  test.each([0, 1, 32])('of %i images comes back as it was sent', (count) => {
    const names = Array.from({ length: count }, (_, i) => ({ ...name, digest: digestOf(i) }));
    expect(parseWakeMessage(sent(toWakeMessage({ images: names, at: 1_000 })))).toEqual({ images: names, at: 1_000 });
  });

  test('of images that nobody has reported says since when they are looked for', () => {
    const message = { images: [name], at: 1_000, noticedAt: 500 };
    expect(parseWakeMessage(sent(toWakeMessage(message)))).toEqual(message);
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a delivery', toDeliveryMessage({ name, fact: pushOf('eastus', '2026-06-01T12:00:00Z') })],
    ['a text as time of notice', { wake: { images: [name], at: 0, noticedAt: '5' } }],
    ['one image outside a list', { wake: { images: name, at: 0 } }],
    ['an image that is none', { wake: { images: [name, { ...name, digest: 'latest' }], at: 0 } }],
    ['a text as time', { wake: { images: [name], at: '5' } }],
  ])('is not %s', (_what, message) => {
    expect(() => parseWakeMessage(message)).toThrow();
  });
});

test('anything else is refused, and nothing is taken for both', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (message) => {
      expect(() => parseDeliveryMessage(message)).toThrow();
      expect(() => parseWakeMessage(message)).toThrow();
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
