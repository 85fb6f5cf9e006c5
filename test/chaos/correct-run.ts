/**
 * The evidence of a run without a fault: one image that is everywhere under a tag, one that lost the tag, one that was
 * deleted. Tests of the checker change one thing in it and check that a rule finds it.
 */
import { createTruth } from '../../src/local/simulator/truth.ts';
import type { Answer, Attempt, Document, Evidence, PublishedEvent } from './evidence.ts';
import { allReplicas, deletedEverywhere, deletedInRegion, inRegion, tagConverged, tagSuperseded } from './evidence.ts';

export const regions = ['eastus', 'westeurope'];
export const noon = Date.UTC(2026, 5, 1, 12);
const second = 1_000;

/** The image that is everywhere at the end, under `team/app:v1`. */
export const kept = 'team/app@sha256:aaaa';
/** It had the tag first, and only in one region. */
export const untagged = 'team/app@sha256:bbbb';
/** Deleted everywhere. */
export const deleted = 'team/app@sha256:cccc';
export const tagKey = 'team/app:v1';

interface RegistryAction {
  readonly key: string;
  readonly region: string;
  readonly action: Attempt['action'];
  readonly tag: string | null;
  /** Seconds after noon. */
  readonly at: number;
}

const actions: readonly RegistryAction[] = [
  { key: untagged, region: 'eastus', action: 'push', tag: 'v1', at: 1 },
  { key: kept, region: 'eastus', action: 'push', tag: 'v1', at: 3 },
  { key: untagged, region: 'westeurope', action: 'push', tag: null, at: 4 },
  { key: kept, region: 'westeurope', action: 'push', tag: 'v1', at: 6 },
  ...regions.map((region, i) => ({ key: deleted, region, action: 'push', tag: null, at: 10 + i }) as const),
  ...regions.map((region, i) => ({ key: deleted, region, action: 'delete', tag: null, at: 20 + i }) as const),
];

const digestOf = (key: string) => key.slice(key.indexOf('@') + 1);

export function correctRun(): Evidence {
  const truth = createTruth();
  for (const region of regions) truth.noteReplica(region, true, noon);
  for (const { key, region, action, at } of actions) {
    truth.noteManifest(region, key, action === 'push', noon + at * second);
  }
  const documents = new Map([kept, untagged, deleted].map((key) => [key, describe(key)]));
  const tagDocument: Document = { ...describe(kept), tagState: 'converged' };
  const published = listEvents(documents);
  const processes = ['process 1', 'process 2'];
  const answer =
    (subject: string, document: Document) =>
    (process: string): Answer => ({
      ...{ process, subject, document },
      askedAt: noon + 60 * second,
      answeredAt: noon + 60.1 * second,
    });
  return {
    truth,
    families: new Map(),
    tagMoves: actions.flatMap(({ key, region, tag, at }) =>
      tag === null ? [] : [{ at: noon + at * second, region, tagKey, digest: digestOf(key) }],
    ),
    resolveTag: () => Object.fromEntries(regions.map((region) => [region, digestOf(kept)])),
    attempts: actions.map(acknowledge),
    published,
    samples: [],
    answers: [
      ...[...documents].flatMap(([key, document]) => processes.map(answer(key, document))),
      ...processes.map(answer(tagKey, tagDocument)),
    ],
    listings: [...documents.keys()].flatMap((key) =>
      processes.map((process) => ({
        ...{ process, key },
        events: published.filter((one) => one.key === key).map((one) => ({ ...one, isPublished: true })),
      })),
    ),
    waiters: [{ kind: 'request', key: kept, released: { at: noon + 6.2 * second, status: 200 } }],
    log: [{ process: 'process 1', at: noon, text: 'information webhook: push recorded' }],
    storageFaults: [],
    crashes: [],
    secrets: ['a-secret-of-the-tests-only'],
  };
}

function acknowledge({ key, region, action, tag, at }: RegistryAction): Attempt {
  const eventTime = noon + at * second;
  return {
    ...{ process: 'process 1', region, key, action, tag, eventTime },
    ...{ sentAt: eventTime + 50, endedAt: eventTime + 100, status: 200, outcome: 'recorded' },
    ...{ isDisturbed: false, ownLagMs: 0 },
  };
}

function describe(key: string): Document {
  const isGone = key === deleted;
  return {
    digest: digestOf(key),
    state: isGone ? 'deleted' : 'available',
    satisfied: !isGone,
    tags: key === kept ? ['v1'] : [],
    tagState: null,
    announcedAt: noon + 30 * second,
    members: [],
    regions: regions.map((region) => {
      const { at = 0 } = actions.findLast((one) => one.key === key && one.region === region) ?? {};
      const eventTime = noon + at * second;
      return {
        ...{ region, eventTime, since: eventTime + 60, evidence: ['webhook'] },
        state: isGone ? 'deleted' : 'available',
      };
    }),
  };
}

function listEvents(documents: ReadonlyMap<string, Document>): PublishedEvent[] {
  const event = (key: string, type: string, at: number, more: Partial<PublishedEvent> = {}): PublishedEvent => ({
    ...{ type, key, subject: key, region: null, generation: 1, supersededBy: null },
    ...{ at: noon + at * second + 200, time: noon + at * second + 60, id: `${type} ${key} ${more.region ?? ''}` },
    document: documents.get(key) ?? describe(key),
    ...more,
  });
  const perRegion = actions.map(({ key, region, action, at }) =>
    event(key, action === 'push' ? inRegion : deletedInRegion, at, {
      region,
      document: { ...describe(key), state: 'replicating', regions: [] },
    }),
  );
  return [
    ...perRegion,
    event(kept, allReplicas, 6),
    event(kept, tagConverged, 6, { subject: tagKey }),
    event(untagged, allReplicas, 4),
    event(untagged, tagSuperseded, 4, { subject: tagKey, supersededBy: digestOf(kept) }),
    event(deleted, allReplicas, 11, { document: { ...describe(deleted), state: 'deleted' } }),
    event(deleted, deletedEverywhere, 21),
  ];
}
