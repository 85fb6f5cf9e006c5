/**
 * The checker against lies about families: an honest day with an index whose last member comes last, and one whose member
 * is deleted. Each lie is one that the app must never tell.
 */
import { describe, expect, test } from 'vitest';
import { familyTruth } from '../../src/local/simulator/family-truth.ts';
import { createTruth } from '../../src/local/simulator/truth.ts';
import { check } from './check.ts';
import type { Answer, Attempt, Document, Evidence, Told } from './evidence.ts';
import { allReplicas, deletedInRegion, inRegion } from './evidence.ts';
import { honestDay, noon, regions } from './honest-day.ts';

const index = 'team/web@sha256:1d1d';
const members = ['team/web@sha256:a1a1', 'team/web@sha256:b2b2'];
const [first = '', last = ''] = members;
const at = (seconds: number) => noon + seconds * 1_000;
const digestOf = (key: string) => key.slice(key.indexOf('@') + 1);

interface Happening {
  readonly key: string;
  readonly region: string;
  readonly action: Attempt['action'];
  readonly seconds: number;
}

const pushes: readonly Happening[] = regions.flatMap((region, i) => [
  { key: first, region, action: 'push', seconds: 1 + 3 * i },
  { key: index, region, action: 'push', seconds: 2 + 3 * i },
  { key: last, region, action: 'push', seconds: 3 + 3 * i },
]);
function attempt({ key, region, action, seconds }: Happening): Attempt {
  return {
    ...{ process: 'process 1', region, key, action, tag: null, eventTime: at(seconds), sentAt: at(seconds) + 50 },
    ...{ endedAt: at(seconds) + 100, status: 200, outcome: 'recorded', isDisturbed: false, ownLagMs: 0 },
  };
}

function document(key: string, held: readonly string[], state: string): Document {
  const stateOf = (region: string) => (held.includes(region) ? 'available' : 'deleted');
  return {
    ...{ digest: digestOf(key), state, satisfied: state === 'available', tags: [], tagState: null },
    announcedAt: key === index ? at(30) : null,
    regions: regions.map((region, i) => ({
      ...{ region, state: stateOf(region), since: at(6.1), evidence: ['webhook'] },
      eventTime: at((pushes.find((one) => one.key === key)?.seconds ?? 0) + 3 * i),
    })),
    members: key === index ? members.map((one) => ({ digest: digestOf(one), missing: [] })) : [],
  };
}

function event(key: string, type: string, seconds: number, region: string | null, state: Document): Told {
  return {
    ...{ type, key, subject: key, region, generation: 1, supersededBy: null, document: state },
    ...{ at: at(seconds) + 200, time: at(seconds) + 60, id: `${type} ${key} ${region ?? ''}` },
  };
}

/** @param deletedIn where the last member is deleted at the end */
function familyDay(deletedIn: readonly string[] = []): Evidence {
  const deletions = deletedIn.map((region): Happening => ({ key: last, region, action: 'delete', seconds: 20 }));
  const happenings = [...pushes, ...deletions];
  const day = honestDay();
  const truth = createTruth();
  for (const region of regions) truth.noteReplica(region, true, noon);
  for (const { key, region, action, seconds } of happenings) {
    truth.noteManifest(region, key, action === 'push', at(seconds));
  }
  const held = (key: string) => (key === first ? regions : regions.filter((region) => !deletedIn.includes(region)));
  const stateOf = (key: string) =>
    document(key, held(key), held(key).length < regions.length ? 'deleting' : 'available');
  const nothingYet = { ...document(index, [], 'replicating'), regions: [] };
  const told = [
    ...regions.map((region, i) => event(index, inRegion, 3 + 3 * i, region, nothingYet)),
    event(index, allReplicas, 6, null, document(index, regions, 'available')),
    ...deletedIn.map((region) => event(index, deletedInRegion, 20, region, nothingYet)),
  ];
  const answers = [index, ...members].map(
    (subject): Answer => ({
      ...{ process: 'process 1', subject, askedAt: at(40), answeredAt: at(40.1), document: stateOf(subject) },
    }),
  );
  return {
    ...{ ...day, truth, told, answers, tagMoves: [], resolveTag: () => ({}), samples: [] },
    families: new Map([[index, members]]),
    attempts: happenings.map(attempt),
    listings: [index, ...members].map((key) => ({
      ...{ process: 'process 1', key },
      events: told.filter((one) => one.key === key).map((one) => ({ ...one, isPublished: true })),
    })),
    waiters: [{ kind: 'request', key: index, released: { at: at(6.2), status: 200 } }],
  };
}

const answering = (change: (document: Document) => Document, askedAt = at(40)) => {
  return ({ answers }: Evidence) =>
    answers.slice(0, 1).map((one) => ({ ...one, askedAt, answeredAt: askedAt + 1, document: change(one.document) }));
};
const rulesOf = (evidence: Evidence) => [...new Set(check(evidence).map(({ rule }) => rule))];

test('honest days with families have no violations', () => {
  expect(check(familyDay())).toEqual([]);
  expect(check(familyDay(['eastus']))).toEqual([]);
});

describe('the checker catches', () => {
  const day = familyDay();

  test('an index called available before its last member is in the last region', () => {
    const samples = answering((one) => one, at(5.5))(day);
    expect(rulesOf({ ...day, samples })).toEqual(['untrue answer']);
  });

  test('an index published before that', () => {
    const told = day.told.map((one) => (one.type === allReplicas ? { ...one, at: at(5.5), time: at(5.4) } : one));
    expect(rulesOf({ ...day, told })).toContain('untrue event');
  });

  test('an index published twice, though nothing was deleted', () => {
    const again = day.told
      .filter(({ type }) => type === allReplicas)
      .map((one) => ({ ...one, id: 'x', generation: 2 }));
    expect(rulesOf({ ...day, told: [...day.told, ...again] })).toContain('published again');
  });

  test('a member published by itself once its index is known', () => {
    const lone = event(last, inRegion, 7, 'westeurope', { ...document(last, [], 'replicating'), regions: [] });
    expect(rulesOf({ ...day, told: [...day.told, lone] })).toContain('member published');
    const before = { ...lone, time: at(3), at: at(60) };
    expect(rulesOf({ ...day, told: [...day.told, before] })).not.toContain('member published');
  });

  test('a waiter let go before the last member is there', () => {
    const waiters: Evidence['waiters'] = [{ kind: 'request', key: index, released: { at: at(5.5), status: 200 } }];
    expect(rulesOf({ ...day, waiters })).toEqual(['wait']);
  });

  test('members that are not those of the index, and a region that counts without one of them', () => {
    const answers = answering((one) => ({ ...one, members: one.members?.slice(1) ?? null }))(day);
    expect(rulesOf({ ...day, answers, listings: [] })).toEqual(['members']);
    const contradicting = answering((one) => ({
      ...one,
      members: one.members?.map((member) => ({ ...member, missing: ['eastus'] })) ?? null,
    }))(day);
    expect(rulesOf({ ...day, answers: contradicting, listings: [] })).toEqual(['members']);
  });

  test('an index still available after the deletion of a member was acknowledged', () => {
    const deleted = familyDay(['eastus']);
    const answers = answering(() => document(index, regions, 'available'))(deleted);
    expect(rulesOf({ ...deleted, answers, listings: [] }).sort()).toEqual(['behind', 'forgotten']);
    const samples = answering(() => document(index, regions, 'available'), at(30))(deleted);
    expect(rulesOf({ ...deleted, samples })).toEqual(['forgotten']);
  });
});

test('the deletion of a member ends the answer also where its webhook was lost', () => {
  const deleted = familyDay(regions);
  expect(check(deleted)).toEqual([]);
  const attempts = deleted.attempts.filter(({ action, region }) => action === 'push' || region === 'westeurope');
  const answers = answering(() => document(index, ['eastus'], 'deleting'))(deleted);
  expect(rulesOf({ ...deleted, attempts, answers, listings: [] })).toEqual(['behind']);
  // Where nobody has said a word of it, nobody can know.
  const unheard = deleted.attempts.filter(({ action }) => action === 'push');
  const unknowing = answering(() => document(index, regions, 'available'))(deleted);
  expect(rulesOf({ ...deleted, attempts: unheard, answers: unknowing, listings: [], told: [] })).toEqual([]);
});

test('an index that could not be read is judged by its own reports', () => {
  const day = familyDay();
  const alone = (one: Document): Document => ({ ...one, members: null });
  const told = day.told.map((one) => ({
    ...one,
    ...(one.type === allReplicas ? { at: at(5.5), time: at(5.4) } : {}),
    document: alone(one.document),
  }));
  const answers = day.answers.slice(0, 1).map((one) => ({ ...one, document: alone(one.document) }));
  const waiters: Evidence['waiters'] = [{ kind: 'request', key: index, released: { at: at(5.8), status: 200 } }];
  expect(check({ ...day, told, answers, waiters, listings: [] })).toEqual([]);
});

test('the truth of a family is the time that all of it was there', () => {
  const truth = createTruth();
  truth.noteReplica('eastus', true, 0);
  truth.noteManifest('eastus', 'i', true, 1);
  truth.noteManifest('eastus', 'm', true, 3);
  truth.noteManifest('eastus', 'm', false, 5);
  truth.noteManifest('eastus', 'm', true, 8);
  const family = familyTruth(truth, (key) => (key === 'i' ? ['m'] : []));
  expect(family.spellsIn('eastus', 'i')).toEqual([
    { from: 3, until: 5 },
    { from: 8, until: null },
  ]);
  expect(family.spellsEverywhere('i')).toEqual(family.spellsIn('eastus', 'i'));
  expect([2, 4, 6, 9].map((time) => family.isEverywhere('i', time))).toEqual([false, true, false, true]);
  expect(family.regionsWith('i', 6)).toEqual([]);
  expect(family.isEverywhere('m')).toBe(true);
});
