/** Which of two digests a tag was pushed with later: known only where a region has reported both. */
import { expect, test } from 'vitest';
import {
  isProbablyLater,
  isPushedLater,
  lastPush,
  latestPushes,
  pushIn,
  regionsLater,
} from '../../../src/core/image/tag-pushes.ts';
import { eventTimeOf } from '../../support/build.ts';

const time = (second: number) => eventTimeOf(`2026-06-01T12:00:0${second}Z`);
const pushes = (seconds: Record<string, number>) =>
  Object.fromEntries(Object.entries(seconds).map(([region, second]) => [region, time(second)]));

test.each<[Record<string, number>, Record<string, number>, boolean, boolean]>([
  [{ eastus: 2 }, { eastus: 1 }, true, true],
  [{ eastus: 1 }, { eastus: 2 }, false, false],
  [{ eastus: 1 }, { eastus: 1 }, false, false],
  // No region has reported both: only a guess is left.
  [{ eastus: 2 }, { westeurope: 1 }, false, true],
  [{ eastus: 1 }, { westeurope: 2 }, false, false],
  // One that reports the opposite order.
  [{ eastus: 2, westeurope: 1 }, { eastus: 1, westeurope: 3 }, false, false],
  [{ eastus: 4, westeurope: 1 }, { eastus: 1, westeurope: 3 }, false, true],
  // What is known counts for more than the last push of all.
  [{ eastus: 2 }, { eastus: 1, westeurope: 5 }, true, true],
  [{ eastus: 1, westeurope: 5 }, { eastus: 2 }, false, false],
  [{}, {}, false, false],
  [{}, { eastus: 1 }, false, false],
  [{ eastus: 1 }, {}, false, true],
])('%j against %j: known %s, probably %s', (one, other, isKnown, isProbable) => {
  expect([isPushedLater(pushes(one), pushes(other)), isProbablyLater(pushes(one), pushes(other))]).toEqual([
    isKnown,
    isProbable,
  ]);
});

test('of two, the later in each region is kept, and without a change the same object is returned', () => {
  const known = pushes({ eastus: 2, westeurope: 2 });
  expect(latestPushes(known, pushes({ eastus: 1, westeurope: 3, northeurope: 1 }))).toEqual(
    pushes({ eastus: 2, westeurope: 3, northeurope: 1 }),
  );
  expect(latestPushes(known, pushes({ eastus: 1, westeurope: 2 }))).toBe(known);
});

test('the last push, where it was later, and none where there is none', () => {
  expect(lastPush(pushes({ eastus: 1, westeurope: 3, northeurope: 2 }))).toBe(time(3));
  expect(lastPush({})).toBeNull();
  expect(regionsLater(pushes({ eastus: 2, westeurope: 2 }), pushes({ eastus: 1, westeurope: 2 }))).toEqual(['eastus']);
  expect([pushIn(pushes({ eastus: 1 }), 'eastus'), pushIn({}, 'constructor')]).toEqual([time(1), null]);
});
