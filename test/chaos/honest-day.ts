/**
 * A day without a lie, as plain data: one image that went everywhere under a tag, one that the tag has left, one that
 * was deleted. Tests of the checker change one thing in it and see whether that is noticed.
 */
import { createTruth } from '../../src/local/simulator/truth.ts';
import type { Answer, Attempt, Document, Evidence, Told } from './evidence.ts';
import { allReplicas, deletedEverywhere, deletedInRegion, inRegion, tagConverged, tagSuperseded } from './evidence.ts';

export const regions = ['eastus', 'westeurope'];
export const noon = Date.UTC(2026, 5, 1, 12);
const second = 1_000;

/** The image that is everywhere at the end, under `team/app:v1`. */
export const kept = 'team/app@sha256:aaaa';
/** It had the tag first, and only in one region. */
export const left = 'team/app@sha256:bbbb';
/** Deleted everywhere. */
export const gone = 'team/app@sha256:cccc';
export const tagKey = 'team/app:v1';

interface Happening {
  readonly key: string;
  readonly region: string;
  readonly action: Attempt['action'];
  readonly tag: string | null;
  /** Seconds after noon. */
  readonly at: number;
}

const happenings: readonly Happening[] = [
  { key: left, region: 'eastus', action: 'push', tag: 'v1', at: 1 },
  { key: kept, region: 'eastus', action: 'push', tag: 'v1', at: 3 },
  { key: left, region: 'westeurope', action: 'push', tag: null, at: 4 },
  { key: kept, region: 'westeurope', action: 'push', tag: 'v1', at: 6 },
  ...regions.map((region, i) => ({ key: gone, region, action: 'push', tag: null, at: 10 + i }) as const),
  ...regions.map((region, i) => ({ key: gone, region, action: 'delete', tag: null, at: 20 + i }) as const),
];

const digestOf = (key: string) => key.slice(key.indexOf('@') + 1);

export function honestDay(): Evidence {
  const truth = createTruth();
  for (const region of regions) truth.noteReplica(region, true, noon);
  for (const { key, region, action, at } of happenings) {
    truth.noteManifest(region, key, action === 'push', noon + at * second);
  }
  const documents = new Map([kept, left, gone].map((key) => [key, describe(key)]));
  const tagDocument: Document = { ...describe(kept), tagState: 'converged' };
  const told = tell(documents);
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
    tagMoves: happenings.flatMap(({ key, region, tag, at }) =>
      tag === null ? [] : [{ at: noon + at * second, region, tagKey, digest: digestOf(key) }],
    ),
    resolveTag: () => Object.fromEntries(regions.map((region) => [region, digestOf(kept)])),
    attempts: happenings.map(acknowledge),
    told,
    samples: [],
    answers: [
      ...[...documents].flatMap(([key, document]) => processes.map(answer(key, document))),
      ...processes.map(answer(tagKey, tagDocument)),
    ],
    listings: [...documents.keys()].flatMap((key) =>
      processes.map((process) => ({
        ...{ process, key },
        events: told.filter((one) => one.key === key).map((one) => ({ ...one, isPublished: true })),
      })),
    ),
    waiters: [{ kind: 'request', key: kept, released: { at: noon + 6.2 * second, status: 200 } }],
    log: [{ process: 'process 1', at: noon, text: 'information webhook: push recorded' }],
    storageTroubles: [],
    crashes: [],
    secrets: ['a-secret-of-the-tests-only'],
  };
}

function acknowledge({ key, region, action, tag, at }: Happening): Attempt {
  const eventTime = noon + at * second;
  return {
    ...{ process: 'process 1', region, key, action, tag, eventTime },
    ...{ sentAt: eventTime + 50, endedAt: eventTime + 100, status: 200, outcome: 'recorded' },
    ...{ isDisturbed: false, ownLagMs: 0 },
  };
}

function describe(key: string): Document {
  const isGone = key === gone;
  return {
    digest: digestOf(key),
    state: isGone ? 'deleted' : 'available',
    satisfied: !isGone,
    tags: key === kept ? ['v1'] : [],
    tagState: null,
    announcedAt: noon + 30 * second,
    members: [],
    regions: regions.map((region) => {
      const { at = 0 } = happenings.findLast((one) => one.key === key && one.region === region) ?? {};
      const eventTime = noon + at * second;
      return {
        ...{ region, eventTime, since: eventTime + 60, evidence: ['webhook'] },
        state: isGone ? 'deleted' : 'available',
      };
    }),
  };
}

function tell(documents: ReadonlyMap<string, Document>): Told[] {
  const event = (key: string, type: string, at: number, more: Partial<Told> = {}): Told => ({
    ...{ type, key, subject: key, region: null, generation: 1, supersededBy: null },
    ...{ at: noon + at * second + 200, time: noon + at * second + 60, id: `${type} ${key} ${more.region ?? ''}` },
    document: documents.get(key) ?? describe(key),
    ...more,
  });
  const perRegion = happenings.map(({ key, region, action, at }) =>
    event(key, action === 'push' ? inRegion : deletedInRegion, at, {
      region,
      document: { ...describe(key), state: 'replicating', regions: [] },
    }),
  );
  return [
    ...perRegion,
    event(kept, allReplicas, 6),
    event(kept, tagConverged, 6, { subject: tagKey }),
    event(left, allReplicas, 4),
    event(left, tagSuperseded, 4, { subject: tagKey, supersededBy: digestOf(kept) }),
    event(gone, allReplicas, 11, { document: { ...describe(gone), state: 'deleted' } }),
    event(gone, deletedEverywhere, 21),
  ];
}
