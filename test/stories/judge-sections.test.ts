/**
 * Tests of the judge, about families and releases: a correct history passes, and each fault that is put into it is
 * found by its rule.
 */
import { describe, expect, test } from 'vitest';
import { familyOf, readBy } from './families.ts';
import type { AvailabilityDocument, AvailabilityQuery, History, Published, ReleaseCall, Report } from './history.ts';
import { judge } from './judge.ts';
import { applyChange, statesIn } from './judge-release.ts';
import { modelOf } from './model.ts';
import { randomFrom } from './random.ts';
import { releaseSteps } from './release-story.ts';

const regions = ['eastus', 'westeurope'];
const begin = Date.parse('2026-06-01T12:00:00.000Z');
const second = 1_000;
const at = (seconds: number) => begin + seconds * second;
const index = `sha256:${'1'.repeat(64)}`;
const member = `sha256:${'2'.repeat(64)}`;
const other = `sha256:${'3'.repeat(64)}`;
const families = [{ index, members: [{ digest: member, kind: 'platform', platform: 'linux/amd64' }] }] as const;

let serial = 0;

function report(seconds: number, region: string, digest: string, changes: Partial<Report> = {}): Report {
  serial += 1;
  const own = {
    region,
    action: 'push',
    digest,
    tag: null,
    eventTime: at(seconds),
    round: 1,
    id: `d-${serial}`,
  } as const;
  const answer = { sentAt: at(seconds), answeredAt: at(seconds) + 20, status: 200, outcome: 'recorded', warning: null };
  return { ...own, ...answer, process: 0, ...changes };
}

function documentOf(available: readonly string[], changes: Partial<AvailabilityDocument> = {}): AvailabilityDocument {
  const missing = regions.filter((region) => !available.includes(region));
  const state = missing.length === 0 ? 'available' : available.length > 0 ? 'replicating' : 'unknown';
  return {
    ...{ image: `fixed.azurecr.io/story/app@${index}`, registry: 'fixed.azurecr.io', repository: 'story/app' },
    ...{ digest: index, state, satisfied: missing.length === 0, missing, tags: [], membersKnown: true },
    requirement: { regions, require: 'all', needed: regions.length, have: available.length },
    regions: regions.map((region) => {
      const isThere = available.includes(region);
      const evidence = isThere ? ['webhook'] : [];
      const own = { region, state: isThere ? 'available' : 'missing', required: true, expected: true };
      return { ...own, since: null, lagSeconds: null, evidence };
    }),
    members: [{ digest: member, kind: 'platform', platform: 'linux/amd64', missing }],
    ...changes,
  };
}

function asked(seconds: number, document: AvailabilityDocument): AvailabilityQuery {
  return {
    ...{ route: 'availability', tag: null, digest: document.digest, regions: null, require: 'all', timeoutSeconds: 0 },
    ...{ askedAt: at(seconds), answeredAt: at(seconds) + 20, status: 200, retryAfter: null, document, process: 0 },
    atEnd: false,
  } as const;
}

function event(seconds: number, type: string, data: Record<string, unknown>, subject?: string): Published {
  const own = { digest: index, repository: 'story/app', registry: 'fixed.azurecr.io', generation: 1, missing: [] };
  const content = { ...own, ...data };
  return {
    ...{ at: at(seconds), accepted: true, refused: false },
    event: {
      ...{
        specversion: '1.0',
        id: `${type} ${JSON.stringify(data)}`,
        source: 'https://fixed.azurecr.io',
        data: content,
      },
      ...{ type: `AcrReplication.${type}`, subject: subject ?? `story/app@${content.digest}` },
      time: new Date(at(seconds)).toISOString(),
    },
  };
}

function historyWith(changes: Partial<History>): History {
  return {
    ...{ seed: 1, story: 1, kind: 'test', registry: 'fixed', source: 'https://fixed.azurecr.io' },
    ...{ repository: 'story/app', canProbe: false, delayedAfterSeconds: 20, startedAt: begin },
    ...{ quietAt: Number.POSITIVE_INFINITY, expected: [{ from: 0, possible: [regions] }] },
    ...{ families: [], releases: [], releaseEvents: [], imageLists: [], reports: [], questions: [], odds: [] },
    ...{ eventLists: [], published: [], served: [], faults: [], content: [] },
    ...changes,
  };
}

const rulesOf = (changes: Partial<History>) => [...new Set(judge(historyWith(changes)).map(({ rule }) => rule))];

describe('families', () => {
  const pushes = [
    ...regions.map((region, i) => report(i, region, index)),
    ...regions.map((region, i) => report(1 + 2 * i, region, member)),
  ];
  const published = [
    event(1.5, 'ImageAvailableInRegion', { region: 'eastus' }),
    event(3.5, 'ImageAvailableInRegion', { region: 'westeurope' }),
    event(3.6, 'ImageAvailableInAllReplicas', { durationSeconds: 3 }),
  ];
  const correct = { families, reports: pushes };
  const deleted = [...pushes, report(20, 'westeurope', member, { action: 'delete', round: 0 })];

  test('an correct history passes, also while the index is being read', () => {
    const reading = documentOf([], { members: null, membersKnown: false, state: 'replicating' });
    const questions = [asked(2, reading), asked(10, documentOf(regions))];
    expect(rulesOf({ ...correct, published, questions })).toEqual([]);
  });

  test.each<[string, string, Partial<History>]>([
    ['a region called available before its last member', 'wrong yes', { questions: [asked(2, documentOf(regions))] }],
    [
      'an event before the last member',
      'published too early',
      { published: [event(2, 'ImageAvailableInAllReplicas', { durationSeconds: 1 })] },
    ],
    ['a family that is not shown', 'wrong no', { questions: [asked(12, documentOf(['eastus']))] }],
    ['other members', 'wrong members', { questions: [asked(12, documentOf(regions, { members: [] }))] }],
    [
      'a region available without a member',
      'available without a member',
      {
        questions: [
          asked(12, documentOf(regions, { members: [{ ...families[0].members[0], missing: ['westeurope'] }] })),
        ],
      },
    ],
    [
      'a region still available once a member is deleted',
      'wrong yes',
      { reports: deleted, questions: [asked(25, documentOf(regions))] },
    ],
    [
      'a member published by itself',
      'member published',
      { published: [event(14, 'ImageAvailableInRegion', { region: 'eastus', digest: member })] },
    ],
    [
      'a member listed by itself',
      'member listed',
      {
        quietAt: at(30),
        published,
        questions: [asked(12, documentOf(regions))],
        imageLists: [{ askedAt: at(31), status: 200, digests: [index, member] }],
      },
    ],
    ['a complete family that is not published', 'event lost', { quietAt: at(30) }],
    [
      'an index that was never read',
      'members not known',
      {
        quietAt: at(30),
        content: [{ region: 'eastus', digest: index }],
        questions: [{ ...asked(31, documentOf(regions, { members: null, membersKnown: false })), atEnd: true }],
      },
    ],
  ])('finds %s', (_what, rule, changes) => {
    expect(rulesOf({ ...correct, ...changes })).toContain(rule);
  });

  test('an index that could not be read counts by its own reports', () => {
    const alone = documentOf(regions, { members: null, membersKnown: false });
    expect(rulesOf({ ...correct, questions: [asked(2, alone)] })).toEqual([]);
  });

  test('a member whose index came late may be published by itself', () => {
    const late = pushes.map((one) => (one.digest === index ? { ...one, sentAt: at(14), answeredAt: at(14.1) } : one));
    const lone = event(12, 'ImageAvailableInRegion', { region: 'eastus', digest: member });
    expect(rulesOf({ families, reports: late, published: [lone] })).not.toContain('member published');
  });

  test('how soon an index must have been read depends on what was in the way', () => {
    const history = historyWith(correct);
    expect(readBy(history, modelOf(history), index)).toBe(at(0) + 20 + 5_000);
    const killed = { kind: 'killed', process: 1, from: at(1), until: at(3) };
    expect(readBy(historyWith({ ...correct, faults: [killed] }), modelOf(history), index)).toBe(at(63));
  });

  test('a family has 2 to 4 platforms, and its index lists exactly its members', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { family, manifests } = familyOf(randomFrom(seed, 1, 1), `${seed}`);
      const listed = JSON.parse(manifests[0]?.manifest ?? '').manifests.map(({ digest }: { digest: string }) => digest);
      expect(listed).toEqual(family.members.map(({ digest }) => digest));
      const platforms = family.members.filter(({ kind }) => kind === 'platform').length;
      expect(platforms).toBeGreaterThanOrEqual(2);
      expect(platforms).toBeLessThanOrEqual(4);
    }
  });
});

describe('releases', () => {
  const reports = regions.flatMap((region, i) => [report(i, region, member), report(i, region, other)]);
  const contentOf = (revision: number, digests: readonly string[], satisfied: boolean) => ({
    ...{ revision, satisfied, availableAt: satisfied ? new Date(at(3)).toISOString() : null },
    images: digests.map((digest) => ({ digest })),
  });
  const call = (seconds: number, changes: Partial<ReleaseCall>): ReleaseCall => ({
    ...{ call: 'get', images: [], timeoutSeconds: 0, process: 0, askedAt: at(seconds), answeredAt: at(seconds) + 20 },
    ...{ status: 200, document: null },
    ...changes,
  });
  const made = call(0.1, {
    ...{ call: 'put', images: [member, other], status: 201, document: contentOf(1, [member, other], false) },
  });
  const asking = (seconds: number, revision: number, satisfied: boolean, changes: Partial<ReleaseCall> = {}) =>
    call(seconds, { document: contentOf(revision, [member, other], satisfied), ...changes });
  const publishedEvents = (seconds: number, type = 'ReleaseAvailableInAllReplicas', more = {}) =>
    event(seconds, type, { revision: 1, createdAt: 'then', ...more }, 'releases/story-1');
  const correct = {
    reports,
    releases: [made, asking(0.5, 1, false), asking(5, 1, true)],
    releaseEvents: [publishedEvents(1.5)],
  };

  test('an correct history passes', () => {
    expect(rulesOf(correct)).toEqual([]);
    const events = ['ImageAvailableInAllReplicas', ...regions].flatMap((type) =>
      [member, other].map((digest) =>
        type.startsWith('Image')
          ? event(1.4, type, { digest, durationSeconds: 1 })
          : event(1.3, 'ImageAvailableInRegion', { digest, region: type }),
      ),
    );
    expect(rulesOf({ ...correct, published: events, quietAt: at(4) })).toEqual([]);
  });

  test.each<[string, string, Partial<History>]>([
    ['a yes while an image is missing', 'wrong yes', { releases: [made, asking(0.5, 1, true)] }],
    ['a no though all is there', 'wrong no', { releases: [made, asking(5, 1, false)] }],
    ['a revision that was never made', 'another content', { releases: [made, asking(5, 2, true)] }],
    [
      'a revision for the same content',
      'wrong revision',
      {
        releases: [
          made,
          call(3, { ...made, askedAt: at(3), answeredAt: at(3.1), status: 200, document: contentOf(2, [], true) }),
        ],
      },
    ],
    ['a release that is missing', 'lost release', { releases: [made, call(5, { status: 404 })] }],
    ['an event before the last image', 'published too early', { releaseEvents: [publishedEvents(0.9)] }],
    [
      'two ids for one revision',
      'second id',
      {
        releaseEvents: [
          publishedEvents(1.5),
          { ...publishedEvents(1.6), event: { ...publishedEvents(1.6).event, id: 'another' } },
        ],
      },
    ],
    ['a delay before its time', 'delayed too early', { releaseEvents: [publishedEvents(10, 'ReleaseDelayed')] }],
    ['a release that is never published', 'event lost', { releaseEvents: [], quietAt: at(6) }],
    [
      'a wait let go too early',
      '202 too early',
      {
        releases: [made, asking(0.5, 1, false, { call: 'wait', status: 202, timeoutSeconds: 5 })],
      },
    ],
    ['a conflict', 'unexpected status', { releases: [made, call(5, { call: 'wait', status: 409 })] }],
  ])('finds %s', (_what, rule, changes) => {
    expect(rulesOf({ ...correct, ...changes })).toContain(rule);
  });

  test('what a change without an answer has done is left open', () => {
    const unanswered = call(2, { call: 'put', images: [member], status: null });
    const { releases } = historyWith({ releases: [made, unanswered] });
    const states = statesIn(historyWith({ releases }), { since: at(5), until: at(5) });
    expect(states.map((state) => state?.revision)).toEqual([1, 2]);
  });

  test('the same images in another order are no other content', () => {
    const again = { ...made, images: [other, member, other] };
    expect(applyChange(applyChange(null, made), again)?.revision).toBe(1);
    expect(applyChange(applyChange(null, made), { ...made, images: [member] })?.revision).toBe(2);
    expect(applyChange(applyChange(null, made), { ...made, call: 'delete' })).toBeNull();
  });

  test('stories make, repeat, revise, wait for and delete releases', () => {
    const steps = Array.from({ length: 60 }, (_, i) =>
      releaseSteps(randomFrom(i, 1, 1), [index, member, other], 30_000),
    );
    const calls = steps.flatMap((all) => all.flatMap((step) => (step.do === 'release' ? [step.release] : [])));
    expect(new Set(calls.map((one) => one.call))).toEqual(new Set(['put', 'get', 'wait', 'delete']));
    expect(calls.some(({ images }) => images.length === 1)).toBe(true);
  });
});
