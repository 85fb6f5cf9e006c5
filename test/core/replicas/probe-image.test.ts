/** What is recorded of replicas' answers: "present", "absent" where the image is being deleted, and nothing else. */
import { describe, expect, test } from 'vitest';
import type { Fact } from '../../../src/core/image/arrival.ts';
import type { Delivery, ProbeAnswer } from '../../../src/core/ports.ts';
import { probeImage, probeTag } from '../../../src/core/replicas/probe-image.ts';
import {
  digestOf,
  factOf,
  pushOf,
  recordOf,
  regionsOf,
  registryOf,
  replicaSetOf,
  repositoryOf,
  tagOf,
} from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';

const registry = registryOf({ regionalEndpoints: true });
const set = replicaSetOf(registry);
const repository = repositoryOf('team/app');
const tag = tagOf('v1');
const time = (minute: number) => `2026-06-01T12:${String(minute).padStart(2, '0')}:00Z`;
const presentAs = (n: number): ProbeAnswer => ({
  kind: 'present',
  digest: digestOf(n),
  mediaType: undefined,
  isWhole: false,
});
const absent: ProbeAnswer = { kind: 'absent' };
const unclear = (retryAfterMs?: number): ProbeAnswer => ({ kind: 'unclear', reason: '503', retryAfterMs });

/** Each region answers with the next of its answers. */
function setUp(answers: Record<string, ProbeAnswer>) {
  const noted: string[] = [];
  const parts = {
    prober: {
      canAsk: () => true,
      ask: async (_registry: unknown, region: string) => answers[region] ?? unclear(),
    },
    clock: manualClock(Date.parse(time(30))),
    async recordFact({ name, fact }: Delivery) {
      noted.push(`${fact.kind} ${fact.region} ${Number.parseInt(name.digest.slice(-4), 16)} ${fact.tag ?? ''}`.trim());
    },
  };
  return { parts, noted };
}

describe('an image', () => {
  const image = { name: { registry: 'contoso', repository, digest: digestOf(1) }, mediaTypes: [] };
  const regions = regionsOf('eastus');

  test.each<[ProbeAnswer, string[], string[]]>([
    [presentAs(1), ['push eastus 1'], []],
    [absent, [], ['delete eastus 1']],
    [unclear(), [], []],
  ])('answered with %j', async (answer, noted, notedWhileDeleting) => {
    for (const [isDeleting, expected] of [[false, noted] as const, [true, notedWhileDeleting] as const]) {
      const world = setUp({ eastus: answer });
      const summary = await probeImage(world.parts as never, registry, image, regions, isDeleting);
      expect(world.noted).toEqual(expected);
      expect(summary.unclear).toEqual(answer.kind === 'unclear' ? regions : []);
    }
  });

  test('is unclear for those that gave no answer, and for the longest pause that they ask for', async () => {
    const { parts } = setUp({ eastus: unclear(7_000), westeurope: unclear(30_000), northeurope: absent });
    const summary = await probeImage(parts as never, registry, image, regionsOf('eastus', 'westeurope', 'northeurope'));
    expect(summary).toEqual({ unclear: ['eastus', 'westeurope'], retryAfterMs: 30_000 });
  });
});

describe('a tag', () => {
  const name = { registry: 'contoso', repository, tag };
  const tagged = (n: number, ...minutes: [string, number][]) =>
    recordOf(
      digestOf(n),
      minutes.map(([region, minute]) => pushOf(region, time(minute), { tag: 'v1' })),
    );
  const one = tagged(1, ['eastus', 1], ['westeurope', 1]);
  const other = recordOf(digestOf(2), [pushOf('eastus', time(1))]);

  test.each<[string, Record<string, ProbeAnswer>, string[]]>([
    ['as known', { eastus: presentAs(1), westeurope: presentAs(1) }, []],
    ['in one region as another digest', { eastus: presentAs(2), westeurope: presentAs(1) }, ['push eastus 2 v1']],
    ['in one region not at all', { eastus: absent, westeurope: presentAs(1) }, ['untag eastus 1 v1']],
    ['without a clear answer', { eastus: unclear(), westeurope: unclear(5_000) }, []],
    ['in one region without a clear answer', { eastus: unclear(), westeurope: absent }, ['untag westeurope 1 v1']],
  ])('answered %s', async (_, answers, expected) => {
    const { parts, noted } = setUp(answers);
    await probeTag(parts as never, registry, name, [one, other], set);
    expect(noted).toEqual(expected);
  });

  test.each<[string, Fact]>([
    ['taken off by a delete that named no digest', factOf('untag', 'eastus', time(2), { tag: 'v1' })],
    ['doubtful with its repository', factOf('doubt', 'eastus', time(2))],
  ])('that was %s is noted as gone or as there', async (_, doubt) => {
    const doubtful = recordOf(digestOf(1), [pushOf('eastus', time(1), { tag: 'v1' }), doubt]);
    for (const [answer, expected] of [
      [absent, ['untag eastus 1 v1']],
      [presentAs(1), ['push eastus 1 v1']],
    ] as const) {
      const { parts, noted } = setUp({ eastus: answer });
      await probeTag(parts as never, registry, name, [doubtful], set);
      expect(noted).toEqual(expected);
    }
  });

  test.each([
    [
      'before the replica was asked: the region has lost the earlier digest',
      time(29),
      ['push 12:30:00.000', 'untag 12:34:00.001'],
    ],
    ['not before the replica was asked: the region may have it again', time(31), ['push 12:30:00.000']],
  ])('of a region whose clock is four minutes ahead, whose webhook came %s', async (_, receivedAt, expected) => {
    const ahead = recordOf(digestOf(1), [pushOf('eastus', receivedAt, { tag: 'v1', eventTime: time(34) })]);
    const facts: string[] = [];
    const { parts } = setUp({ eastus: presentAs(2) });
    const recordFact = async ({ fact }: Delivery) => void facts.push(`${fact.kind} ${fact.eventTime.slice(11, 23)}`);
    await probeTag({ ...parts, recordFact } as never, registry, name, [ahead, other], set);
    expect(facts).toEqual(expected);
  });
});
