/**
 * Tests that the checker finds faults about families: in a correct run with an index whose last member comes last, and in
 * one whose member is deleted. Each fault is one that the app must never have.
 */
import { describe, expect, test } from 'vitest';
import { familyTruth } from '../../src/local/simulator/family-truth.ts';
import { createTruth } from '../../src/local/simulator/truth.ts';
import { check } from './check.ts';
import { correctRun, noon, regions } from './correct-run.ts';
import type { Answer, Attempt, Document, Evidence, PublishedEvent } from './evidence.ts';
import { allReplicas, deletedInRegion, inRegion } from './evidence.ts';

const index = 'team/web@sha256:1d1d';
const members = ['team/web@sha256:a1a1', 'team/web@sha256:b2b2'];
const [first = '', last = ''] = members;
const at = (seconds: number) => noon + seconds * 1_000;
const digestOf = (key: string) => key.slice(key.indexOf('@') + 1);

interface RegistryAction {
  readonly key: string;
  readonly region: string;
  readonly action: Attempt['action'];
  readonly seconds: number;
}

const pushes: readonly RegistryAction[] = regions.flatMap((region, i) => [
  { key: first, region, action: 'push', seconds: 1 + 3 * i },
  { key: index, region, action: 'push', seconds: 2 + 3 * i },
  { key: last, region, action: 'push', seconds: 3 + 3 * i },
]);
function attempt({ key, region, action, seconds }: RegistryAction): Attempt {
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

function event(key: string, type: string, seconds: number, region: string | null, state: Document): PublishedEvent {
  return {
    ...{ type, key, subject: key, region, generation: 1, supersededBy: null, document: state },
    ...{ at: at(seconds) + 200, time: at(seconds) + 60, id: `${type} ${key} ${region ?? ''}` },
  };
}

/** @param deletedIn where the last member is deleted at the end */
function familyRun(deletedIn: readonly string[] = []): Evidence {
  const deletions = deletedIn.map((region): RegistryAction => ({ key: last, region, action: 'delete', seconds: 20 }));
  const actions = [...pushes, ...deletions];
  const run = correctRun();
  const truth = createTruth();
  for (const region of regions) truth.noteReplica(region, true, noon);
  for (const { key, region, action, seconds } of actions) {
    truth.noteManifest(region, key, action === 'push', at(seconds));
  }
  const held = (key: string) => (key === first ? regions : regions.filter((region) => !deletedIn.includes(region)));
  const stateOf = (key: string) =>
    document(key, held(key), held(key).length < regions.length ? 'deleting' : 'available');
  const nothingYet = { ...document(index, [], 'replicating'), regions: [] };
  const published = [
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
    ...{ ...run, truth, published, answers, tagMoves: [], resolveTag: () => ({}), samples: [] },
    families: new Map([[index, members]]),
    attempts: actions.map(attempt),
    listings: [index, ...members].map((key) => ({
      ...{ process: 'process 1', key },
      events: published.filter((one) => one.key === key).map((one) => ({ ...one, isPublished: true })),
    })),
    waiters: [{ kind: 'request', key: index, released: { at: at(6.2), status: 200 } }],
  };
}

const answering = (change: (document: Document) => Document, askedAt = at(40)) => {
  return ({ answers }: Evidence) =>
    answers.slice(0, 1).map((one) => ({ ...one, askedAt, answeredAt: askedAt + 1, document: change(one.document) }));
};
const rulesOf = (evidence: Evidence) => [...new Set(check(evidence).map(({ rule }) => rule))];

test('correct runs with families have no violations', () => {
  expect(check(familyRun())).toEqual([]);
  expect(check(familyRun(['eastus']))).toEqual([]);
});

describe('the checker finds', () => {
  const run = familyRun();

  test('an index called available before its last member is in the last region', () => {
    const samples = answering((one) => one, at(5.5))(run);
    expect(rulesOf({ ...run, samples })).toEqual(['untrue answer']);
  });

  test('an index published before that', () => {
    const published = run.published.map((one) =>
      one.type === allReplicas ? { ...one, at: at(5.5), time: at(5.4) } : one,
    );
    expect(rulesOf({ ...run, published })).toContain('untrue event');
  });

  test('an index published twice, though nothing was deleted', () => {
    const again = run.published
      .filter(({ type }) => type === allReplicas)
      .map((one) => ({ ...one, id: 'x', generation: 2 }));
    expect(rulesOf({ ...run, published: [...run.published, ...again] })).toContain('published again');
  });

  test('a member published by itself once its index is known', () => {
    const lone = event(last, inRegion, 7, 'westeurope', { ...document(last, [], 'replicating'), regions: [] });
    expect(rulesOf({ ...run, published: [...run.published, lone] })).toContain('member published');
    const before = { ...lone, time: at(3), at: at(60) };
    expect(rulesOf({ ...run, published: [...run.published, before] })).not.toContain('member published');
  });

  test('a waiter released before the last member is there', () => {
    const waiters: Evidence['waiters'] = [{ kind: 'request', key: index, released: { at: at(5.5), status: 200 } }];
    expect(rulesOf({ ...run, waiters })).toEqual(['wait']);
  });

  test('members that are not those of the index, and a region that counts without one of them', () => {
    const answers = answering((one) => ({ ...one, members: one.members?.slice(1) ?? null }))(run);
    expect(rulesOf({ ...run, answers, listings: [] })).toEqual(['members']);
    const contradicting = answering((one) => ({
      ...one,
      members: one.members?.map((member) => ({ ...member, missing: ['eastus'] })) ?? null,
    }))(run);
    expect(rulesOf({ ...run, answers: contradicting, listings: [] })).toEqual(['members']);
  });

  test('an index still available after the deletion of a member was acknowledged', () => {
    const deleted = familyRun(['eastus']);
    const answers = answering(() => document(index, regions, 'available'))(deleted);
    expect(rulesOf({ ...deleted, answers, listings: [] }).sort()).toEqual(['lost', 'outdated']);
    const samples = answering(() => document(index, regions, 'available'), at(30))(deleted);
    expect(rulesOf({ ...deleted, samples })).toEqual(['lost']);
  });
});

test('a deleted member makes its index unavailable also where the webhook event was lost', () => {
  const deleted = familyRun(regions);
  expect(check(deleted)).toEqual([]);
  const attempts = deleted.attempts.filter(({ action, region }) => action === 'push' || region === 'westeurope');
  const answers = answering(() => document(index, ['eastus'], 'deleting'))(deleted);
  expect(rulesOf({ ...deleted, attempts, answers, listings: [] })).toEqual(['outdated']);
  // If no webhook event about it was acknowledged, the app cannot know it.
  const unacknowledged = deleted.attempts.filter(({ action }) => action === 'push');
  const unknowing = answering(() => document(index, regions, 'available'))(deleted);
  expect(rulesOf({ ...deleted, attempts: unacknowledged, answers: unknowing, listings: [], published: [] })).toEqual(
    [],
  );
});

test('an index that could not be read is judged by its own reports', () => {
  const run = familyRun();
  const alone = (one: Document): Document => ({ ...one, members: null });
  const published = run.published.map((one) => ({
    ...one,
    ...(one.type === allReplicas ? { at: at(5.5), time: at(5.4) } : {}),
    document: alone(one.document),
  }));
  const answers = run.answers.slice(0, 1).map((one) => ({ ...one, document: alone(one.document) }));
  const waiters: Evidence['waiters'] = [{ kind: 'request', key: index, released: { at: at(5.8), status: 200 } }];
  expect(check({ ...run, published, answers, waiters, listings: [] })).toEqual([]);
});

test('the truth of a family is the time that all of it was there', () => {
  const truth = createTruth();
  truth.noteReplica('eastus', true, 0);
  truth.noteManifest('eastus', 'i', true, 1);
  truth.noteManifest('eastus', 'm', true, 3);
  truth.noteManifest('eastus', 'm', false, 5);
  truth.noteManifest('eastus', 'm', true, 8);
  const family = familyTruth(truth, (key) => (key === 'i' ? ['m'] : []));
  expect(family.periodsIn('eastus', 'i')).toEqual([
    { from: 3, until: 5 },
    { from: 8, until: null },
  ]);
  expect(family.periodsEverywhere('i')).toEqual(family.periodsIn('eastus', 'i'));
  expect([2, 4, 6, 9].map((time) => family.isEverywhere('i', time))).toEqual([false, true, false, true]);
  expect(family.regionsWith('i', 6)).toEqual([]);
  expect(family.isEverywhere('m')).toBe(true);
});
