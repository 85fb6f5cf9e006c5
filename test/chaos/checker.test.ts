/**
 * Tests that the checker finds faults. Each fault is put into the evidence of a correct run, and is one that the app must
 * never have.
 */
import { describe, expect, test } from 'vitest';
import { check } from './check.ts';
import { correctRun, deleted, kept, noon, regions, tagKey, untagged } from './correct-run.ts';
import type { Answer, Document, Evidence, PublishedEvent, Violation } from './evidence.ts';
import { allReplicas, deletedEverywhere, deletedInRegion, inRegion, tagConverged, tagSuperseded } from './evidence.ts';

type Listed = Evidence['listings'][number]['events'][number];
type Fault = (run: Evidence) => Partial<Evidence>;

const changeEvent = (
  key: string,
  type: string,
  change: (event: PublishedEvent) => PublishedEvent | undefined,
): Fault => {
  return ({ published }) => ({
    published: published.flatMap((one) => (one.key === key && one.type === type ? (change(one) ?? []) : [one])),
  });
};
const changeDocument = (subject: string, change: (document: Document) => Document): Fault => {
  return ({ answers }) => ({
    answers: answers.map((one) => (one.subject === subject ? { ...one, document: change(one.document) } : one)),
  });
};
const withoutEvent = (key: string, type: string): Fault => {
  return (run) => ({
    ...changeEvent(key, type, () => undefined)(run),
    listings: run.listings.map((one) =>
      one.key === key ? { ...one, events: one.events.filter((event) => event.type !== type) } : one,
    ),
  });
};
/** All events are of the second generation, except those about West Europe. */
const inLaterGeneration = (key: string, changeWest: (event: Listed) => Listed[]): Fault => {
  const isOfWest = ({ type, region }: Listed) => type === inRegion && region === 'westeurope';
  return ({ listings }) => ({
    listings: listings.map((one) =>
      one.key === key
        ? {
            ...one,
            events: one.events.flatMap((event) =>
              isOfWest(event) ? changeWest(event) : [{ ...event, generation: 2 }],
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
  if (found === undefined) throw new Error(`no answer about ${subject}`);
  return found;
};
const at = (seconds: number) => noon + seconds * 1_000;

/** The fault, the rule that must find it, and the subject of the violation. */
const faults: readonly [name: string, rule: string, subject: string, fault: Fault][] = [
  [
    'an event published before its time',
    'untrue event',
    kept,
    changeEvent(kept, allReplicas, (one) => ({ ...one, at: at(4) })),
  ],
  [
    'an event dated before its time',
    'untrue event',
    kept,
    changeEvent(kept, allReplicas, (one) => ({ ...one, time: at(5) })),
  ],
  [
    'a region published that never had it',
    'untrue event',
    kept,
    changeEvent(kept, inRegion, (one) => ({ ...one, region: 'mars' })),
  ],
  [
    'a deletion published before its time',
    'untrue event',
    deleted,
    changeEvent(deleted, deletedEverywhere, (one) => ({ ...one, at: at(20.5) })),
  ],
  [
    'a tag published as converged too early',
    'untrue event',
    kept,
    changeEvent(kept, tagConverged, (one) => ({ ...one, at: at(5) })),
  ],
  [
    'a tag published as superseded without a reason',
    'untrue event',
    untagged,
    changeEvent(untagged, tagSuperseded, (one) => ({ ...one, supersededBy: 'sha256:dddd' })),
  ],
  [
    'two ids for one fact',
    'two ids',
    kept,
    ({ published }) => ({
      published: published.flatMap((one) =>
        one.key === kept && one.type === allReplicas ? [one, { ...one, id: 'another' }] : [one],
      ),
    }),
  ],
  [
    'one id for two facts',
    'one id for two facts',
    kept,
    ({ published }) => ({ published: published.map((one) => (one.key === kept ? { ...one, id: 'the same' } : one)) }),
  ],
  ['an announcement that was never made', 'not published', kept, withoutEvent(kept, allReplicas)],
  ['a region that was never published', 'not published', kept, withoutEvent(kept, inRegion)],
  [
    'a region published as deleted, and not published again in the generation that has it again',
    'not published',
    kept,
    inLaterGeneration(kept, (event) => [event, { ...event, type: deletedInRegion }]),
  ],
  ['an announcement that the topic never got', 'not published', kept, changeEvent(kept, allReplicas, () => undefined)],
  ['a deletion that was never published', 'not published', deleted, withoutEvent(deleted, deletedEverywhere)],
  ['a tag that was never published', 'not published', kept, withoutEvent(kept, tagConverged)],
  ['a superseded tag that was never published', 'not published', untagged, withoutEvent(untagged, tagSuperseded)],
  [
    'an event that no image lists',
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
    'lost',
    kept,
    changeDocument(kept, (document) => inState(document, 'westeurope', 'missing')),
  ],
  [
    'an acknowledged push that is missing from a later answer',
    'lost',
    kept,
    (run) => {
      const { document, ...one } = firstAnswer(run, kept);
      const samples = [
        { ...one, askedAt: at(7), answeredAt: at(7), document: inState(document, 'westeurope', 'missing') },
      ];
      return { samples };
    },
  ],
  [
    'an acknowledged deletion that is lost',
    'lost',
    deleted,
    changeDocument(deleted, (document) => inState(document, 'eastus', 'available')),
  ],
  [
    'a deletion that is not known',
    'outdated',
    deleted,
    changeDocument(deleted, (document) => inState(document, 'eastus', 'available')),
  ],
  [
    'a region that is not known',
    'outdated',
    kept,
    changeDocument(kept, (document) => inState(document, 'eastus', 'missing')),
  ],
  [
    'a document that claims a region too early',
    'untrue answer',
    kept,
    (run) => {
      const samples = [{ ...firstAnswer(run, kept), askedAt: at(5), answeredAt: at(5) }];
      return { samples };
    },
  ],
  [
    'a claim that rests on a time when it was not there',
    'untrue answer',
    kept,
    changeDocument(kept, (document) => ({
      ...document,
      regions: document.regions.map((one) => ({ ...one, eventTime: at(2) })),
    })),
  ],
  [
    'a document that calls an image available without a region',
    'untrue answer',
    kept,
    changeDocument(kept, (document) => ({
      ...document,
      regions: document.regions.slice(1),
    })),
  ],
  [
    'a tag answered with the digest that it had before',
    'outdated',
    tagKey,
    changeDocument(tagKey, (document) => ({ ...document, digest: 'sha256:bbbb' })),
  ],
  [
    'a waiter released too early',
    'wait',
    kept,
    () => ({ waiters: [{ kind: 'request', key: kept, released: { at: at(5), status: 200 } }] }),
  ],
  [
    'a waiter that is never released',
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
    'an answer after the timeout of the registry',
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
    'an answer with an unexpected status',
    'answer',
    'process 1',
    ({ attempts }) => ({ attempts: attempts.map((one) => ({ ...one, status: 500 })) }),
  ],
  ['a crash', 'crash', 'process 2', () => ({ crashes: [{ process: 'process 2', at: at(1), text: 'out of memory' }] })],
  [
    'an error in the log',
    'error in the log',
    'process 2',
    () => ({ log: [{ process: 'process 2', at: at(1), text: 'error sweep: failed after 3 ms' }] }),
  ],
  [
    'a secret in the log',
    'secret in the log',
    'process 2',
    () => ({ log: [{ process: 'process 2', at: at(1), text: 'Bearer a-secret-of-the-tests-only' }] }),
  ],
];

function checkWith(fault: Fault): Violation[] {
  const run = correctRun();
  return check({ ...run, ...fault(run) });
}

test('a correct run has no violations', () => {
  expect(check(correctRun())).toEqual([]);
});

describe('the checker finds', () => {
  test.each(faults)('%s', (_name, rule, subject, fault) => {
    expect(checkWith(fault)).toContainEqual(expect.objectContaining({ rule, subject }));
  });
});

describe('the checker accepts', () => {
  const unacknowledged =
    (key: string): Fault =>
    ({ attempts }) => ({ attempts: attempts.filter((one) => one.key !== key) });

  test('an unknown image, if no webhook event about it was acknowledged', () => {
    const nothing: Document = { ...firstAnswer(correctRun(), untagged).document, state: 'unknown', regions: [] };
    const violations = checkWith((run) => ({
      ...unacknowledged(untagged)(run),
      ...changeDocument(untagged, () => nothing)(run),
      published: run.published.filter(({ key }) => key !== untagged),
      listings: run.listings.map((one) => (one.key === untagged ? { ...one, events: [] } : one)),
    }));
    expect(violations).toEqual([]);
  });

  test('a region that was published in the generation before and has had it ever since', () => {
    expect(checkWith(inLaterGeneration(kept, (event) => [event]))).toEqual([]);
  });

  test('a late answer of a process that was paused meanwhile', () => {
    const fault: Fault = ({ attempts }) => ({
      attempts: attempts.map((one) => ({ ...one, isDisturbed: true, endedAt: one.sentAt + 5_000, status: 0 })),
    });
    expect(checkWith(fault).filter(({ rule }) => rule === 'answer')).toEqual([]);
  });

  test('a failure in the log while the storage is down, but never a bug', () => {
    const logged = (text: string) =>
      checkWith(() => ({
        log: [{ process: 'process 1', at: at(2), text }],
        storageFaults: [{ from: at(1), until: at(3) }],
      }));
    expect(logged('error sweep: failed after 3000 ms: AggregateError: 1 of 1 images failed')).toEqual([]);
    expect(logged('error sweep: failed after 3 ms: TypeError: x is not a function')).toHaveLength(1);
  });
});

test('what it prints of a log contains no secret', () => {
  const violations = checkWith(() => ({
    log: [{ process: 'process 1', at: noon, text: 'error: Bearer a-secret-of-the-tests-only' }],
  }));
  expect(violations.map(({ what }) => what).join()).not.toContain('a-secret-of-the-tests-only');
});

test('the correct run has events in every region', () => {
  expect(correctRun().truth.regions()).toEqual(regions);
  expect(correctRun().published.length).toBeGreaterThan(12);
});
