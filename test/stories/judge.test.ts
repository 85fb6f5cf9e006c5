/**
 * Tests of the judge: a correct history passes, and each fault that is put into it is found by its rule. Without this,
 * a judge that finds nothing would look like a tracker without faults.
 */
import { describe, expect, test } from 'vitest';
import type { AvailabilityDocument, AvailabilityQuery, History, Published, Report } from './history.ts';
import { judge } from './judge.ts';
import type { CloudEvent } from './topic.ts';

const regions = ['eastus', 'southeastasia', 'westeurope'];
const begin = Date.parse('2026-06-01T12:00:00.000Z');
const digestA = `sha256:${'a'.repeat(64)}`;
const digestB = `sha256:${'b'.repeat(64)}`;
const second = 1_000;

let serial = 0;

/** Answered 20 ms later; times are seconds of the story. */
function report(at: number, region: string, changes: Partial<Report> = {}): Report {
  const sentAt = begin + at * second;
  const own = { region, action: 'push', digest: digestA, tag: 'v1', eventTime: sentAt, round: 1 } as const;
  const answer = { sentAt, answeredAt: sentAt + 20, status: 200, outcome: 'recorded', warning: null, process: 0 };
  serial += 1;
  return { ...own, id: `delivery-${serial}`, ...answer, ...changes };
}

function removal(at: number, region: string, changes: Partial<Report> = {}): Report {
  return report(at, region, { action: 'delete', tag: null, round: 0, ...changes });
}

function documentWith(
  states: Record<string, string>,
  changes: Partial<AvailabilityDocument> = {},
): AvailabilityDocument {
  const all = regions.map((region) => ({ region, state: states[region] ?? 'missing', required: true, expected: true }));
  const missing = all.filter(({ state }) => state !== 'available').map(({ region }) => region);
  const deleted = all.filter(({ state }) => state === 'deleted').length;
  const have = regions.length - missing.length;
  let state = have === regions.length ? 'available' : have > 0 ? 'replicating' : 'unknown';
  if (deleted > 0) state = have > 0 ? 'deleting' : 'deleted';
  return {
    image: `fixed.azurecr.io/story/app@${digestA}`,
    registry: 'fixed.azurecr.io',
    repository: 'story/app',
    digest: digestA,
    state,
    satisfied: missing.length === 0,
    requirement: { regions, require: 'all', needed: regions.length, have },
    missing,
    regions: all.map((one) => ({
      ...one,
      since: null,
      lagSeconds: null,
      evidence: one.state === 'available' ? ['webhook'] : [],
    })),
    tags: ['v1'],
    ...changes,
  };
}

function asked(
  at: number,
  document: AvailabilityDocument | null,
  changes: Partial<AvailabilityQuery> = {},
): AvailabilityQuery {
  const askedAt = begin + at * second;
  const own = {
    route: 'availability',
    tag: null,
    digest: digestA,
    regions: null,
    require: 'all',
    timeoutSeconds: 0,
  } as const;
  return {
    ...own,
    askedAt,
    answeredAt: askedAt + 20,
    status: 200,
    retryAfter: '1',
    document,
    process: 0,
    atEnd: false,
    ...changes,
  };
}

/** A wait that lasted so many seconds. */
function waited(
  at: number,
  lasted: number,
  status: number,
  document: AvailabilityDocument | null,
  changes: Partial<AvailabilityQuery> = {},
): AvailabilityQuery {
  const answeredAt = begin + (at + lasted) * second;
  return asked(at, document, { route: 'wait', status, answeredAt, timeoutSeconds: 60, ...changes });
}

function published(
  at: number,
  type: string,
  data: Record<string, unknown>,
  changes: Partial<CloudEvent> & { accepted?: boolean } = {},
): Published {
  const { accepted = true, ...more } = changes;
  const content = {
    digest: digestA,
    repository: 'story/app',
    registry: 'fixed.azurecr.io',
    generation: 1,
    missing: [],
    ...data,
  };
  const isOfTag = type.startsWith('Tag');
  const event: CloudEvent = {
    specversion: '1.0',
    id: `${type} ${JSON.stringify(data)}`,
    source: 'https://fixed.azurecr.io',
    type: `AcrReplication.${type}`,
    subject: isOfTag ? 'story/app:v1' : `story/app@${content.digest}`,
    time: new Date(begin + at * second).toISOString(),
    data: content,
    ...more,
  };
  return { at: begin + at * second, event, accepted, refused: false };
}

function historyWith(changes: Partial<History>): History {
  return {
    seed: 1,
    story: 1,
    kind: 'test',
    registry: 'fixed',
    source: 'https://fixed.azurecr.io',
    repository: 'story/app',
    canProbe: false,
    delayedAfterSeconds: 20,
    startedAt: begin,
    quietAt: Number.POSITIVE_INFINITY,
    expected: [{ from: 0, possible: [regions] }],
    families: [],
    releases: [],
    releaseEvents: [],
    imageLists: [],
    reports: [],
    questions: [],
    odds: [],
    eventLists: [],
    published: [],
    served: [],
    faults: [],
    content: [],
    ...changes,
  };
}

function rulesOf(changes: Partial<History>): string[] {
  return [...new Set(judge(historyWith(changes)).map(({ rule }) => rule))];
}

const everywhere = Object.fromEntries(regions.map((region) => [region, 'available']));
const nowhere = Object.fromEntries(regions.map((region) => [region, 'deleted']));
const pushes = regions.map((region, i) => report(i, region));
const deletes = regions.map((region, i) => removal(10 + i, region));
const publishedInAll = published(2.1, 'ImageAvailableInAllReplicas', { durationSeconds: 2 });
const publishedEvents = [
  ...regions.map((region, i) => published(i + 0.05, 'ImageAvailableInRegion', { region })),
  publishedInAll,
  published(2.2, 'TagConverged', {}),
];
const publishedAsDeleted = [
  ...regions.map((region, i) => published(10.1 + i, 'ImageDeletedInRegion', { region })),
  published(12.2, 'ImageDeletedInAllReplicas', {}),
];
const tagOf = (pointers: Record<string, string>, state: string) => ({
  name: 'v1',
  state,
  regions: Object.entries(pointers).map(([region, digest]) => ({ region, digest })),
});

describe('correct histories pass', () => {
  const correct: [string, Partial<History>][] = [
    [
      'a push that spreads',
      {
        reports: pushes,
        published: publishedEvents,
        questions: [
          asked(0.5, documentWith({ eastus: 'available' })),
          // Under way: the answer may include it or not.
          asked(1.99, documentWith({ eastus: 'available', southeastasia: 'available' }), { answeredAt: begin + 2_015 }),
          asked(1.99, documentWith(everywhere), { answeredAt: begin + 2_015 }),
          waited(0.5, 1.6, 200, documentWith(everywhere)),
          waited(0.5, 1.01, 202, documentWith({ eastus: 'available' }), { timeoutSeconds: 1 }),
        ],
        quietAt: begin + 5_000,
      },
    ],
    [
      'a tag that only probes found',
      {
        canProbe: true,
        // Reported later than the replicas were probed.
        reports: regions.map((region, i) => report(5 + i, region)),
        served: regions.map((region) => ({
          ...{ at: begin + 1_000, region, repository: 'story/app', reference: 'v1' },
          ...{ result: 'there' as const, digest: digestA },
        })),
        questions: [
          asked(
            1.05,
            documentWith(everywhere, {
              tag: tagOf(Object.fromEntries(regions.map((one) => [one, digestA])), 'converged'),
            }),
            {
              tag: 'v1',
            },
          ),
        ],
      },
    ],
    [
      'deleted in two regions, before it was pushed by the clock of the third',
      {
        reports: [
          ...[0, 1, 2].map((i) => report(i, regions[i] ?? '', i === 0 ? { eventTime: begin + 270_000 } : {})),
          ...[1, 2].map((i) => removal(10 + i, regions[i] ?? '')),
        ],
        published: publishedEvents,
        questions: [
          asked(
            20,
            documentWith(
              { eastus: 'available', southeastasia: 'deleted', westeurope: 'deleted' },
              { state: 'replicating' },
            ),
          ),
        ],
      },
    ],
    [
      'a deletion, and a push after it',
      {
        reports: [...pushes, ...deletes, ...regions.map((region, i) => report(50 + i, region, { round: 2 }))],
        published: [
          ...publishedEvents,
          ...publishedAsDeleted,
          ...regions.map((region, i) => published(50.1 + i, 'ImageAvailableInRegion', { region, generation: 2 })),
          published(52.1, 'ImageAvailableInAllReplicas', { generation: 2, durationSeconds: 2 }),
        ],
        questions: [
          waited(13, 30.1, 410, documentWith(nowhere)),
          waited(13, 2, 410, documentWith(nowhere), { timeoutSeconds: 2 }),
        ],
        quietAt: begin + 60_000,
      },
    ],
    [
      'a tag that moves, and the old digest late in one region',
      {
        reports: [
          report(0, 'eastus'),
          report(1, 'eastus', { digest: digestB, round: 2 }),
          report(2, 'westeurope', { eventTime: begin }),
          report(3, 'westeurope', { digest: digestB, round: 2, eventTime: begin + 1_000 }),
          report(3, 'southeastasia', { digest: digestB, round: 2, eventTime: begin + 1_000 }),
        ],
        published: [
          published(1.1, 'TagSuperseded', { supersededBy: digestB }),
          published(3.1, 'TagConverged', { digest: digestB }),
        ],
        questions: [waited(5, 30.1, 409, null, { tag: 'v1' })],
      },
    ],
    [
      'a topic that was unavailable, and one id accepted twice',
      {
        reports: pushes,
        published: [...publishedEvents.map((one) => ({ ...one, accepted: false })), ...publishedEvents, publishedInAll],
        quietAt: begin + 5_000,
      },
    ],
    [
      'a process that lost its storage does not answer',
      {
        reports: pushes,
        faults: [{ kind: 'cut refused', process: 1, from: begin, until: begin + 60_000 }],
        questions: [asked(5, null, { status: 503, process: 1 }), waited(5, 3, 503, null, { process: 1 })],
      },
    ],
    [
      'a region that reported a delete without a digest',
      {
        reports: [...pushes, report(5, 'eastus', { action: 'repositoryDelete', digest: null, tag: null, round: 0 })],
        questions: [asked(7, documentWith({ ...everywhere, eastus: 'unverified' }, { state: 'replicating' }))],
      },
    ],
  ];
  test.each(correct)('%s', (_, history) => {
    expect(judge(historyWith(history))).toEqual([]);
  });
});

describe('faults are found', () => {
  const quietAt = begin + 60_000;
  const faults: [string, string, Partial<History>][] = [
    ['an early yes', 'wrong yes', { reports: pushes.slice(0, 2), questions: [asked(5, documentWith(everywhere))] }],
    [
      'a yes of a wait',
      'wrong yes',
      { reports: pushes.slice(0, 2), questions: [waited(3, 1, 200, documentWith(everywhere))] },
    ],
    [
      'a yes from an outdated cache',
      'wrong yes',
      { reports: [...pushes, ...deletes], questions: [waited(20, 1, 200, documentWith(everywhere))] },
    ],
    [
      'a yes in spite of a deleted repository',
      'wrong yes',
      {
        reports: [...pushes, report(5, 'eastus', { action: 'repositoryDelete', digest: null, tag: null, round: 0 })],
        questions: [asked(7, documentWith(everywhere))],
      },
    ],
    [
      'a yes after a delete that carries another year',
      'wrong yes',
      {
        reports: [
          ...pushes,
          removal(5, 'eastus', { eventTime: Date.parse('2099-01-01') }),
          ...regions.slice(1).map((region) => removal(6, region)),
        ],
        questions: [asked(9, documentWith({ eastus: 'available', southeastasia: 'deleted', westeurope: 'deleted' }))],
      },
    ],
    [
      'a tag that counts where it has moved on',
      'wrong yes',
      {
        reports: [report(0, 'eastus'), report(1, 'eastus', { digest: digestB, round: 2 })],
        questions: [
          asked(3, documentWith({ eastus: 'available' }, { tag: tagOf({ eastus: digestB }, 'converging') }), {
            tag: 'v1',
          }),
        ],
      },
    ],
    [
      'a no to what was acknowledged',
      'wrong no',
      { reports: pushes, questions: [asked(5, documentWith({ eastus: 'available' }))] },
    ],
    [
      '202 though it is met',
      '202 though it is met',
      {
        reports: pushes,
        questions: [
          waited(3, 20, 202, documentWith({ eastus: 'available', southeastasia: 'available' }), { timeoutSeconds: 20 }),
        ],
      },
    ],
    ['202 too early', '202 too early', { questions: [waited(3, 1, 202, documentWith({}))] }],
    [
      'wrong missing',
      'document: satisfied',
      { reports: pushes, questions: [asked(5, documentWith(everywhere, { missing: ['westeurope'] }))] },
    ],
    [
      'a region in `missing` that was not requested',
      'document: missing is required',
      {
        reports: pushes.slice(0, 1),
        questions: [
          asked(
            5,
            documentWith(
              { eastus: 'available' },
              {
                satisfied: true,
                missing: ['westeurope'],
                requirement: { regions: ['eastus'], require: 'all', needed: 1, have: 1 },
              },
            ),
            { regions: ['eastus'] },
          ),
        ],
      },
    ],
    [
      'a set that shrank',
      'wrong expected set',
      {
        reports: pushes.slice(0, 2),
        questions: [
          asked(
            5,
            (() => {
              const whole = documentWith({ eastus: 'available', southeastasia: 'available' });
              const rest = whole.regions.slice(0, 2);
              return {
                ...whole,
                regions: rest,
                missing: [],
                satisfied: true,
                state: 'available',
                requirement: { regions: regions.slice(0, 2), require: 'all', needed: 2, have: 2 },
              };
            })(),
          ),
        ],
      },
    ],
    [
      'a wrong state',
      'wrong state',
      { reports: pushes, questions: [asked(5, documentWith(everywhere, { state: 'replicating' }))] },
    ],
    [
      'deleted, although it is there',
      'wrong deleted',
      { reports: pushes, questions: [asked(5, documentWith({ ...everywhere, eastus: 'deleted' }))] },
    ],
    [
      'a 404 from something other than a registry that counts as a deletion',
      'wrong deleted',
      {
        canProbe: true,
        reports: pushes,
        served: [
          {
            at: begin + 4_000,
            region: 'eastus',
            repository: 'story/app',
            reference: digestA,
            result: 'unclear',
            digest: null,
          },
        ],
        questions: [asked(5, documentWith({ ...everywhere, eastus: 'deleted' }))],
      },
    ],
    [
      'a deletion that is not shown',
      'deletion not shown',
      {
        reports: [...pushes, removal(5, 'eastus')],
        questions: [asked(7, documentWith({ ...everywhere, eastus: 'missing' }, { state: 'replicating' }))],
      },
    ],
    [
      '410 at once',
      '410 too early',
      { reports: [...pushes, ...deletes], questions: [waited(20, 1, 410, documentWith(nowhere))] },
    ],
    [
      '410 of what was deleted ten seconds ago',
      '410 too early',
      {
        reports: [...pushes, ...deletes],
        questions: [
          waited(0.5, 31, 410, documentWith(nowhere)),
          waited(8, 30.1, 410, null),
          waited(-25, 38, 410, null),
        ],
      },
    ],
    ['410 of what is there', 'false 410', { reports: pushes, questions: [waited(20, 31, 410, null)] }],
    [
      '410 after a new push',
      'false 410',
      {
        reports: [...pushes, ...deletes, report(30, 'eastus', { round: 2 })],
        questions: [waited(14, 31, 410, null)],
      },
    ],
    [
      '409 at once',
      '409 too early',
      {
        reports: [report(0, 'eastus'), report(1, 'eastus', { digest: digestB, round: 2 })],
        questions: [waited(5, 1, 409, null, { tag: 'v1' })],
      },
    ],
    [
      '409 of the newer digest',
      'false 409',
      {
        reports: [
          report(0, 'eastus'),
          report(1, 'eastus', { digest: digestB, round: 2 }),
          report(3, 'westeurope', { eventTime: begin }),
        ],
        questions: [waited(5, 31, 409, null, { tag: 'v1', digest: digestB, regions: ['westeurope'] })],
      },
    ],
    [
      'an old digest of a tag',
      'old digest of a tag',
      {
        reports: [report(0, 'eastus'), report(1, 'eastus', { digest: digestB, round: 2 })],
        questions: [
          asked(5, documentWith({}, { tag: tagOf({ eastus: digestB }, 'converging') }), { tag: 'v1', digest: null }),
        ],
      },
    ],
    [
      'diverged, although the others reported nothing',
      'wrong state of a tag',
      {
        reports: pushes.slice(0, 1),
        questions: [
          asked(5, documentWith({ eastus: 'available' }, { tag: tagOf({ eastus: digestA }, 'diverged') }), {
            tag: 'v1',
          }),
        ],
      },
    ],
    ['no answer', 'no answer', { questions: [asked(5, null, { status: 503 })] }],
    [
      'a webhook answered late',
      'webhook answered late',
      { reports: [report(0, 'eastus', { answeredAt: begin + 6_000 })] },
    ],
    ['a webhook refused', 'webhook refused', { reports: [report(0, 'eastus', { status: 503, outcome: null })] }],
    ['a new report called a duplicate', 'wrong outcome', { reports: [report(0, 'eastus', { outcome: 'duplicate' })] }],
    [
      'an old delete called new',
      'wrong outcome',
      { reports: [report(5, 'eastus'), removal(7, 'eastus', { eventTime: begin })] },
    ],
    ['no warning of an unexpected region', 'no warning', { reports: [report(0, 'japaneast')] }],
    [
      'a false warning',
      'false warning',
      { reports: [report(0, 'eastus', { warning: 'eastus, southeastasia, westeurope' })] },
    ],
    [
      'in all replicas before the last report',
      'published too early',
      { reports: pushes, published: [published(1.5, 'ImageAvailableInAllReplicas', { durationSeconds: 1 })] },
    ],
    [
      'in a region that reported nothing',
      'published too early',
      { reports: pushes.slice(0, 1), published: [published(1.5, 'ImageAvailableInRegion', { region: 'westeurope' })] },
    ],
    [
      'deleted, and never was',
      'published as deleted',
      { reports: pushes, published: [published(5, 'ImageDeletedInRegion', { region: 'eastus' })] },
    ],
    [
      'deleted everywhere, and one has it',
      'published as deleted everywhere',
      { reports: [...pushes, ...deletes.slice(0, 2)], published: [published(15, 'ImageDeletedInAllReplicas', {})] },
    ],
    [
      'converged with one of three',
      'published as converged too early',
      { reports: pushes.slice(0, 1), published: [published(5, 'TagConverged', {})] },
    ],
    [
      'superseded by the older',
      'published as superseded',
      {
        reports: [
          report(0, 'eastus'),
          report(1, 'eastus', { digest: digestB, round: 2 }),
          report(2, 'westeurope', { eventTime: begin }),
        ],
        published: [published(3, 'TagSuperseded', { digest: digestB, supersededBy: digestA })],
      },
    ],
    [
      'delayed before its time',
      'delayed too early',
      { reports: pushes.slice(0, 1), published: [published(5, 'ReplicationDelayed', { missing: ['westeurope'] })] },
    ],
    [
      'a second id',
      'second id',
      {
        reports: pushes,
        published: [...publishedEvents, { ...publishedInAll, event: { ...publishedInAll.event, id: 'another' } }],
      },
    ],
    [
      'one id for two facts',
      'one id for two facts',
      {
        reports: pushes,
        published: publishedEvents.map((one) => ({ ...one, event: { ...one.event, id: 'the same' } })),
      },
    ],
    [
      'a generation too many',
      'too many generations',
      {
        reports: pushes,
        published: [
          ...publishedEvents,
          published(3, 'ImageAvailableInAllReplicas', { generation: 2, durationSeconds: 2 }),
        ],
      },
    ],
    [
      'another source',
      'event: source',
      {
        reports: pushes,
        published: [
          published(2.1, 'ImageAvailableInAllReplicas', { durationSeconds: 2 }, { source: 'https://other.azurecr.io' }),
        ],
      },
    ],
    [
      'a lost event',
      'event lost',
      { reports: pushes, published: publishedEvents.filter((one) => one !== publishedInAll), quietAt },
    ],
    [
      'an event that the topic never accepted',
      'event lost',
      {
        reports: pushes,
        published: publishedEvents.map((one) => (one === publishedInAll ? { ...one, accepted: false } : one)),
        quietAt,
      },
    ],
    [
      'a lost second generation',
      'event lost',
      {
        reports: [...pushes, ...deletes, ...regions.map((region, i) => report(50 + i, region, { round: 2 }))],
        published: [...publishedEvents, ...publishedAsDeleted],
        quietAt,
      },
    ],
    [
      'a lost deletion',
      'event lost',
      { reports: [...pushes, ...deletes], published: [...publishedEvents, ...publishedAsDeleted.slice(1)], quietAt },
    ],
    [
      'instances that disagree',
      'instances disagree',
      {
        reports: pushes,
        published: publishedEvents,
        quietAt,
        questions: [
          asked(70, documentWith(everywhere), { atEnd: true }),
          asked(70, documentWith({ ...everywhere, eastus: 'missing' }), { atEnd: true, process: 1 }),
        ],
      },
    ],
    [
      'listed as published, but never accepted',
      'published, not accepted',
      {
        reports: pushes,
        published: publishedEvents,
        quietAt,
        eventLists: [
          {
            digest: digestA,
            process: 0,
            askedAt: quietAt,
            status: 200,
            events: [{ id: 'invented', type: 'x', status: 'published' }],
          },
        ],
      },
    ],
    [
      'pending for ever',
      'still pending',
      {
        reports: pushes,
        published: publishedEvents,
        quietAt,
        eventLists: [
          {
            digest: digestA,
            process: 0,
            askedAt: quietAt,
            status: 200,
            events: [{ id: 'waiting', type: 'x', status: 'pending' }],
          },
        ],
      },
    ],
    [
      'an odd request answered wrongly',
      'odd request: ping',
      {
        odds: [
          {
            what: 'ping',
            sentence: 'pong',
            askedAt: begin,
            answeredAt: begin,
            status: 500,
            body: '',
            process: 0,
            wantStatus: 200,
            wantText: 'pong',
          },
        ],
      },
    ],
    [
      'a replica that is not probed',
      'replica not probed',
      {
        canProbe: true,
        reports: pushes.slice(0, 2),
        published: publishedEvents,
        content: regions.map((region) => ({ region, digest: digestA })),
        quietAt,
        questions: [asked(70, documentWith({ eastus: 'available', southeastasia: 'available' }), { atEnd: true })],
      },
    ],
  ];
  test.each(faults)('%s', (_, rule, history) => {
    expect(rulesOf(history)).toContain(rule);
  });

  test('and each names the sentence of the contract it breaks', () => {
    for (const [, , history] of faults) {
      for (const { sentence } of judge(historyWith(history))) expect(sentence.length).toBeGreaterThan(3);
    }
  });
});
