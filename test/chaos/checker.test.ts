/**
 * The checker against planted lies. A checker that has never called anybody a liar is no evidence that anybody was
 * honest; each lie here is one that the app must never tell.
 */
import { describe, expect, test } from 'vitest';
import { check } from './check.ts';
import type { Answer, Document, Evidence, Told, Violation } from './evidence.ts';
import { allReplicas, deletedEverywhere, deletedInRegion, inRegion, tagConverged, tagSuperseded } from './evidence.ts';
import { gone, honestDay, kept, left, noon, regions, tagKey } from './honest-day.ts';

type Listed = Evidence['listings'][number]['events'][number];
type Lie = (day: Evidence) => Partial<Evidence>;

const tellOf = (key: string, type: string, change: (told: Told) => Told | undefined): Lie => {
  return ({ told }) => ({
    told: told.flatMap((one) => (one.key === key && one.type === type ? (change(one) ?? []) : [one])),
  });
};
const answerOf = (subject: string, change: (document: Document) => Document): Lie => {
  return ({ answers }) => ({
    answers: answers.map((one) => (one.subject === subject ? { ...one, document: change(one.document) } : one)),
  });
};
const unlist = (key: string, type: string): Lie => {
  return (day) => ({
    ...tellOf(key, type, () => undefined)(day),
    listings: day.listings.map((one) =>
      one.key === key ? { ...one, events: one.events.filter((event) => event.type !== type) } : one,
    ),
  });
};
/** All is told in the second generation, but what is told of West Europe. */
const inLaterGeneration = (key: string, tellOfWest: (event: Listed) => Listed[]): Lie => {
  const isOfWest = ({ type, region }: Listed) => type === inRegion && region === 'westeurope';
  return ({ listings }) => ({
    listings: listings.map((one) =>
      one.key === key
        ? {
            ...one,
            events: one.events.flatMap((event) =>
              isOfWest(event) ? tellOfWest(event) : [{ ...event, generation: 2 }],
            ),
          }
        : one,
    ),
  });
};
const inState = (document: Document, region: string, state: string): Document => ({
  ...document,
  state: state === 'available' ? document.state : 'replicating',
  regions: document.regions.map((one) => (one.region === region ? { ...one, state } : one)),
});
const firstAnswer = ({ answers }: Evidence, subject: string): Answer => {
  const found = answers.find((one) => one.subject === subject);
  if (found === undefined) throw new Error(`nobody asked about ${subject}`);
  return found;
};
const at = (seconds: number) => noon + seconds * 1_000;

/** What is planted, the rule that must notice, and where. */
const lies: readonly [name: string, rule: string, subject: string, lie: Lie][] = [
  [
    'an event published before its time',
    'untrue event',
    kept,
    tellOf(kept, allReplicas, (one) => ({ ...one, at: at(4) })),
  ],
  [
    'an event dated before its time',
    'untrue event',
    kept,
    tellOf(kept, allReplicas, (one) => ({ ...one, time: at(5) })),
  ],
  [
    'a region published that never had it',
    'untrue event',
    kept,
    tellOf(kept, inRegion, (one) => ({ ...one, region: 'mars' })),
  ],
  [
    'a deletion published before its time',
    'untrue event',
    gone,
    tellOf(gone, deletedEverywhere, (one) => ({ ...one, at: at(20.5) })),
  ],
  [
    'a tag published as converged too early',
    'untrue event',
    kept,
    tellOf(kept, tagConverged, (one) => ({ ...one, at: at(5) })),
  ],
  [
    'a tag published as superseded without a reason',
    'untrue event',
    left,
    tellOf(left, tagSuperseded, (one) => ({ ...one, supersededBy: 'sha256:dddd' })),
  ],
  [
    'two ids for one fact',
    'two ids',
    kept,
    ({ told }) => ({
      told: told.flatMap((one) =>
        one.key === kept && one.type === allReplicas ? [one, { ...one, id: 'another' }] : [one],
      ),
    }),
  ],
  [
    'one id for two facts',
    'one id for two facts',
    kept,
    ({ told }) => ({ told: told.map((one) => (one.key === kept ? { ...one, id: 'the same' } : one)) }),
  ],
  ['an announcement that was never made', 'not published', kept, unlist(kept, allReplicas)],
  ['a region that was never published', 'not published', kept, unlist(kept, inRegion)],
  [
    'a region published as deleted, and not published again in the generation that has it again',
    'not published',
    kept,
    inLaterGeneration(kept, (event) => [event, { ...event, type: deletedInRegion }]),
  ],
  ['an announcement that the topic never got', 'not published', kept, tellOf(kept, allReplicas, () => undefined)],
  ['a deletion that was never published', 'not published', gone, unlist(gone, deletedEverywhere)],
  ['a tag that was never published', 'not published', kept, unlist(kept, tagConverged)],
  ['a superseded tag that was never published', 'not published', left, unlist(left, tagSuperseded)],
  [
    'an event that nobody remembers',
    'not published',
    kept,
    ({ listings }) => ({ listings: listings.map((one) => ({ ...one, events: [] })) }),
  ],
  [
    'an event that is still pending',
    'not published',
    kept,
    ({ listings }) => ({
      listings: listings.map((one) => ({
        ...one,
        events: one.events.map((event) => ({ ...event, isPublished: false })),
      })),
    }),
  ],
  [
    'an acknowledged push that is lost',
    'forgotten',
    kept,
    answerOf(kept, (document) => inState(document, 'westeurope', 'missing')),
  ],
  [
    'an acknowledged push that is missing from a later answer',
    'forgotten',
    kept,
    (day) => {
      const { document, ...one } = firstAnswer(day, kept);
      const samples = [
        { ...one, askedAt: at(7), answeredAt: at(7), document: inState(document, 'westeurope', 'missing') },
      ];
      return { samples };
    },
  ],
  [
    'an acknowledged deletion that is lost',
    'forgotten',
    gone,
    answerOf(gone, (document) => inState(document, 'eastus', 'available')),
  ],
  [
    'a deletion that is not known',
    'behind',
    gone,
    answerOf(gone, (document) => inState(document, 'eastus', 'available')),
  ],
  ['a region that is not known', 'behind', kept, answerOf(kept, (document) => inState(document, 'eastus', 'missing'))],
  [
    'a document that claims a region too early',
    'untrue answer',
    kept,
    (day) => {
      const samples = [{ ...firstAnswer(day, kept), askedAt: at(5), answeredAt: at(5) }];
      return { samples };
    },
  ],
  [
    'a claim that rests on a time when it was not there',
    'untrue answer',
    kept,
    answerOf(kept, (document) => ({
      ...document,
      regions: document.regions.map((one) => ({ ...one, eventTime: at(2) })),
    })),
  ],
  [
    'a document that calls an image available without a region',
    'untrue answer',
    kept,
    answerOf(kept, (document) => ({
      ...document,
      regions: document.regions.slice(1),
    })),
  ],
  [
    'a tag answered with the digest it has left',
    'behind',
    tagKey,
    answerOf(tagKey, (document) => ({ ...document, digest: 'sha256:bbbb' })),
  ],
  [
    'a waiter let go too early',
    'wait',
    kept,
    () => ({ waiters: [{ kind: 'request', key: kept, released: { at: at(5), status: 200 } }] }),
  ],
  [
    'a waiter that is never let go',
    'wait',
    kept,
    () => ({ waiters: [{ kind: 'command', key: kept, released: null }] }),
  ],
  [
    'a command that fails',
    'wait',
    kept,
    () => ({ waiters: [{ kind: 'command', key: kept, released: { at: at(9), status: 5 } }] }),
  ],
  [
    'an answer after the registry has given up',
    'answer',
    'process 1',
    ({ attempts }) => ({ attempts: attempts.map((one) => ({ ...one, endedAt: one.sentAt + 4_600 })) }),
  ],
  [
    'no answer from a running process',
    'answer',
    'process 1',
    ({ attempts }) => ({ attempts: attempts.map((one) => ({ ...one, status: 0 })) }),
  ],
  [
    'an answer that nobody expects',
    'answer',
    'process 1',
    ({ attempts }) => ({ attempts: attempts.map((one) => ({ ...one, status: 500 })) }),
  ],
  ['a crash', 'crash', 'process 2', () => ({ crashes: [{ process: 'process 2', at: at(1), text: 'out of memory' }] })],
  [
    'an error in the log',
    'error in the log',
    'process 2',
    () => ({ log: [{ process: 'process 2', at: at(1), text: 'error wakes: failed after 3 ms' }] }),
  ],
  [
    'a secret in the log',
    'secret in the log',
    'process 2',
    () => ({ log: [{ process: 'process 2', at: at(1), text: 'Bearer a-secret-of-the-tests-only' }] }),
  ],
];

function caught(lie: Lie): Violation[] {
  const day = honestDay();
  return check({ ...day, ...lie(day) });
}

test('an honest day has no violations', () => {
  expect(check(honestDay())).toEqual([]);
});

describe('the checker catches', () => {
  test.each(lies)('%s', (_name, rule, subject, lie) => {
    expect(caught(lie)).toContainEqual(expect.objectContaining({ rule, subject }));
  });
});

describe('the checker excuses', () => {
  const unacknowledged =
    (key: string): Lie =>
    ({ attempts }) => ({ attempts: attempts.filter((one) => one.key !== key) });

  test('an image that not one acknowledged webhook event spoke of', () => {
    const nothing: Document = { ...firstAnswer(honestDay(), left).document, state: 'unknown', regions: [] };
    const violations = caught((day) => ({
      ...unacknowledged(left)(day),
      ...answerOf(left, () => nothing)(day),
      told: day.told.filter(({ key }) => key !== left),
      listings: day.listings.map((one) => (one.key === left ? { ...one, events: [] } : one)),
    }));
    expect(violations).toEqual([]);
  });

  test('a region that was published in the generation before and has had it ever since', () => {
    expect(caught(inLaterGeneration(kept, (event) => [event]))).toEqual([]);
  });

  test('a late answer of a process that was stopped meanwhile', () => {
    const lie: Lie = ({ attempts }) => ({
      attempts: attempts.map((one) => ({ ...one, isDisturbed: true, endedAt: one.sentAt + 5_000, status: 0 })),
    });
    expect(caught(lie).filter(({ rule }) => rule === 'answer')).toEqual([]);
  });

  test('a failure in the log while the storage is away, and no bug at any time', () => {
    const logged = (text: string) =>
      caught(() => ({
        log: [{ process: 'process 1', at: at(2), text }],
        storageTroubles: [{ from: at(1), until: at(3) }],
      }));
    expect(logged('error wakes: failed after 3000 ms: AggregateError: 1 of 1 images not woken')).toEqual([]);
    expect(logged('error wakes: failed after 3 ms: TypeError: x is not a function')).toHaveLength(1);
  });
});

test('what it shows of a log holds no secret', () => {
  const violations = caught(() => ({
    log: [{ process: 'process 1', at: noon, text: 'error: Bearer a-secret-of-the-tests-only' }],
  }));
  expect(violations.map(({ what }) => what).join()).not.toContain('a-secret-of-the-tests-only');
});

test('the honest day has something to lie about in every region', () => {
  expect(honestDay().truth.regions()).toEqual(regions);
  expect(honestDay().told.length).toBeGreaterThan(12);
});
