/** An event time far ahead, from a wrong clock, does not outdate later reports: it counts as the time of receipt. */

import { describe, expect, test } from 'vitest';
import type { Fact } from '../../../src/core/image/arrival.ts';
import { imageState } from '../../../src/core/image/state.ts';
import { countedTime } from '../../../src/core/model/event-time.ts';
import { at, deleteOf, digestOf, eventTimeOf, pushOf, recordOf, replicaSetOf } from '../../support/build.ts';

const second = (seconds: number) => `2026-06-01T12:00:${String(seconds).padStart(2, '0')}Z`;
const ahead = { eventTime: '2099-01-01T00:00:00Z' };
const set = replicaSetOf();

test.each([
  ['2026-06-01T12:05:00Z', '2026-06-01T12:05:00Z'],
  ['2026-06-01T12:05:00.000000001Z', '2026-06-01T12:00:00Z'],
  ['9999-12-31T23:59:59.999999999Z', '2026-06-01T12:00:00Z'],
  ['2020-06-01T12:00:00Z', '2020-06-01T12:00:00Z'],
])('%s, received at noon, counts as %s', (stated, counted) => {
  expect(countedTime(eventTimeOf(stated), at('2026-06-01T12:00:00Z'))).toBe(eventTimeOf(counted));
});

function stateAfter(facts: readonly Fact[]) {
  const record = recordOf(digestOf(1), facts);
  return { state: imageState(record, set), arrivals: record.arrivals };
}

describe.each(['webhook', 'deliveryLog', 'eventGrid'] as const)('from %s', (evidence) => {
  const both = [
    pushOf('eastus', second(0), { ...ahead, evidence, tag: 'v1' }),
    pushOf('westeurope', second(1), { evidence, tag: 'v1' }),
  ];

  test('a push far ahead is outdone by a delete', () => {
    const gone = [...both, deleteOf('eastus', second(2)), deleteOf('westeurope', second(3))];
    expect(stateAfter(both).state).toBe('available');
    expect(stateAfter(gone).state).toBe('deleted');
  });

  test('a delete far ahead is outdone by a push', () => {
    const gone = [...both, deleteOf('eastus', second(2), { ...ahead, evidence })];
    expect(stateAfter(gone).state).toBe('deleting');
    expect(stateAfter([...gone, pushOf('eastus', second(4), { tag: 'v1' })]).state).toBe('available');
  });

  test('a repeat of a delete far ahead, received after the image is back, deletes nothing', () => {
    const gone = deleteOf('eastus', second(2), { ...ahead, evidence });
    const back = [...both, gone, pushOf('eastus', second(4), { tag: 'v1' })];
    expect(stateAfter([...back, { ...gone, receivedAt: at(second(6)) }])).toEqual(stateAfter(back));
  });

  test('a repeat of a push far ahead, received after the image was deleted, brings nothing back', () => {
    const [push, other] = both as [Fact, Fact];
    const gone = [push, other, deleteOf('eastus', second(2))];
    expect(stateAfter([...gone, { ...push, receivedAt: at(second(6)) }])).toEqual(stateAfter(gone));
  });

  test('a repeat is known as such after a day of pushes, all of them far ahead', () => {
    const gone = deleteOf('eastus', second(2), { ...ahead, evidence });
    const back = [...both, gone];
    for (let i = 3; i < 43; i++) back.push(pushOf('eastus', second(i), { eventTime: `2099-01-01T00:00:${i + 10}Z` }));
    expect(stateAfter([...back, { ...gone, receivedAt: at(second(50)) }])).toEqual(stateAfter(back));
  });
});
