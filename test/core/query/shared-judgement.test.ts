/** An answer that many clients get at one moment is computed once. */
import { expect, test } from 'vitest';
import type { AvailabilityQuery, AvailabilitySnapshot } from '../../../src/core/image/availability.ts';
import type { Requirement } from '../../../src/core/model/requirement.ts';
import { sharedJudgements } from '../../../src/core/query/shared-judgement.ts';
import { digestOf, pushOf, recordOf, regionsOf } from '../../support/build.ts';

const both: Requirement = { regions: regionsOf('eastus', 'westeurope'), require: 'all', needed: 2 };
const one: Requirement = { regions: regionsOf('eastus'), require: 'all', needed: 1 };
const known = (): AvailabilitySnapshot => ({
  record: recordOf(digestOf(1), [pushOf('eastus', '2026-06-01T12:00:00Z')]),
  pointers: undefined,
});

interface Asked {
  readonly question: Pick<AvailabilityQuery, 'artifacts' | 'platforms'>;
  readonly requirement: Requirement;
}

function judging() {
  let now = 1_000;
  let made = 0;
  const openAsked = sharedJudgements(
    ({ requirement }: Asked, { record }) => ({
      made: ++made,
      needed: requirement.needed,
      record,
    }),
    () => now,
  );
  const open = ({ requirement, ...question }: Pick<Asked, 'requirement'> & Asked['question'], key: string) =>
    openAsked({ requirement, question }, key);
  return { open, pass: (ms: number) => (now += ms), made: () => made };
}

test('a judgement is the same for all clients with the same question', () => {
  const { open, made } = judging();
  const all = Array.from({ length: 200 }, () =>
    open({ requirement: { ...both, regions: [...both.regions] } }, 'image'),
  );
  const snapshot = known();
  for (const judgement of all) expect(judgement.of({ ...snapshot })).toMatchObject({ made: 1, needed: 2 });
  expect(made()).toBe(1);
});

test('a judgement is made again for what was read again, for what no region has reported yet, and after a moment', () => {
  const { open, pass } = judging();
  const judgement = open({ requirement: both }, 'image');
  const nothing = { record: undefined, pointers: undefined };
  expect(judgement.of(nothing).made).toBe(1);
  expect(judgement.of(nothing).made).toBe(1);
  const snapshot = known();
  expect(judgement.of(snapshot)).toMatchObject({ made: 2, record: snapshot.record });
  expect(judgement.of({ ...snapshot, pointers: { regions: new Map(), newest: undefined } as never }).made).toBe(3);
  expect(judgement.of({ ...snapshot, attached: { isKnown: true, artifacts: [] } }).made).toBe(4);
  expect(judgement.of(known()).made).toBe(5);
  pass(100);
  expect(judgement.of(snapshot).made).toBe(6);
});

test('a judgement is made apart for another image and for another requirement', () => {
  const { open } = judging();
  const snapshot = known();
  expect(open({ requirement: both }, 'image').of(snapshot).needed).toBe(2);
  expect(open({ requirement: one }, 'image').of(snapshot).needed).toBe(1);
  expect(open({ requirement: { ...both, isForEveryExpected: true } }, 'image').of(snapshot).made).toBe(3);
  expect(open({ requirement: both }, 'other').of(snapshot).made).toBe(4);
  expect(open({ requirement: both, platforms: ['linux/arm64'] }, 'image').of(snapshot).made).toBe(5);
  expect(open({ requirement: both, platforms: ['linux/amd64'] }, 'image').of(snapshot).made).toBe(6);
  expect(open({ requirement: both, artifacts: ['sbom'] }, 'image').of(snapshot).made).toBe(7);
});

test('a judgement is dropped with its last client', () => {
  const { open } = judging();
  const snapshot = known();
  const [first, second] = [open({ requirement: both }, 'image'), open({ requirement: both }, 'image')];
  expect(first.of(snapshot).made).toBe(1);
  first.close();
  expect(second.of(snapshot).made).toBe(1);
  second.close();
  expect(open({ requirement: both }, 'image').of(snapshot).made).toBe(2);
});
