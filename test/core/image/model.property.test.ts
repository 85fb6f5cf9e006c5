/**
 * Several trackers on one store, with crashes between any two storage operations, against a model that only knows what
 * was reported. Deliveries, deletes, tag moves, repeats, answers of probed replicas, changes of the replica set, crashes
 * and topic outages come in any order; in the end every document equals the model, and what was published was true and
 * published under one id.
 */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SetTimer } from '../../../src/adapters/memory.ts';
import {
  memoryCheckpointStore,
  memoryDeliveryQueue,
  memoryHealthEventLog,
  memoryImageLists,
  memoryImageStore,
  memoryTagDigests,
  memoryWebhookLog,
  noAudit,
} from '../../../src/adapters/memory.ts';
import type { Fact } from '../../../src/core/image/arrival.ts';
import type { CloudEvent } from '../../../src/core/image/cloud-event.ts';
import type { ForwardOrder } from '../../../src/core/image/forward-entry.ts';
import { dueForwards, toOrder } from '../../../src/core/image/forward-entry.ts';
import type { ImageName } from '../../../src/core/image/record.ts';
import type { Digest } from '../../../src/core/model/digest.ts';
import { parseDigest } from '../../../src/core/model/digest.ts';
import { toEventTime } from '../../../src/core/model/event-time.ts';
import type { Region } from '../../../src/core/model/region.ts';
import { expectedRegions } from '../../../src/core/model/replica-set.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { ImageStore, ManifestProbe, ProbeAnswer } from '../../../src/core/ports.ts';
import { prober } from '../../../src/core/replicas/prober.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import type { Tracker } from '../../../src/core/tracker.ts';
import { tracker } from '../../../src/core/tracker.ts';
import {
  digestOf,
  policy,
  regionsOf,
  registryOf,
  replicaSetOf,
  repositoryOf,
  tagOf,
  targetOf,
} from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { limits } from '../../support/memory-tracker.ts';

const allRegions = regionsOf('eastus', 'northeurope', 'westeurope');
const noon = Date.parse('2026-06-01T12:00:00Z');
const targets = [targetOf({ name: 'everywhere' }), targetOf({ name: 'one-cluster', regions: regionsOf('eastus') })];
const allReplicas = 'AcrReplication.ImageAvailableInAllReplicas';

/** How many storage operations a process does before it dies; it never dies when the number is not reached. */
type Crash = { readonly afterOperations: number };
type Command =
  | {
      readonly kind: 'fact';
      readonly image: number;
      readonly region: number;
      readonly at: number;
      readonly delete: boolean;
      readonly tag: number;
      readonly repeats: number;
      readonly crash: Crash;
    }
  | { readonly kind: 'set'; readonly regions: number }
  /** From now on, this replica gives that answer when it is probed for this image. */
  | { readonly kind: 'replica'; readonly image: number; readonly region: number; readonly answer: ProbeAnswer['kind'] }
  | { readonly kind: 'topic'; readonly fails: boolean }
  | { readonly kind: 'time'; readonly seconds: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('fact' as const),
      image: fc.integer({ min: 1, max: 2 }),
      region: fc.integer({ min: 0, max: 2 }),
      at: fc.integer({ min: 0, max: 20 }),
      delete: fc.constantFrom(false, false, false, true),
      tag: fc.integer({ min: 0, max: 1 }),
      repeats: fc.integer({ min: 1, max: 2 }),
      crash: fc.record({ afterOperations: fc.oneof(fc.constant(1_000), fc.integer({ min: 0, max: 6 })) }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('set' as const), regions: fc.integer({ min: 2, max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('replica' as const),
      image: fc.integer({ min: 1, max: 2 }),
      region: fc.integer({ min: 0, max: 2 }),
      answer: fc.constantFrom<ProbeAnswer['kind'][]>('present', 'absent', 'unclear'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('topic' as const), fails: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('time' as const), seconds: fc.integer({ min: 1, max: 60 }) }) },
);

function world(onAnswer: (region: Region, digest: Digest, answer: ProbeAnswer['kind'], at: number) => void) {
  const clock = manualClock(noon);
  const registry = registryOf({ regions: allRegions.slice(0, 2), regionalEndpoints: true });
  const replicas = new Map<string, ProbeAnswer['kind']>();
  const probe: ManifestProbe = {
    async ask(_registry, region, _repository, reference) {
      // Where a tag points is not what this is about.
      const digest = parseDigest(reference);
      const answer = digest === undefined ? 'unclear' : (replicas.get(`${region} ${digest}`) ?? 'unclear');
      if (digest === undefined || answer === 'unclear')
        return { kind: 'unclear', reason: 'silent', retryAfterMs: undefined };
      onAnswer(region, digest, answer, clock.now());
      return answer === 'absent' ? { kind: answer } : { kind: answer, digest, mediaType: undefined, isWhole: true };
    },
  };
  let regions = allRegions.slice(0, 2);
  let topicFails = false;
  const store = memoryImageStore();
  const shared = {
    lists: memoryImageLists(),
    tags: memoryTagDigests(),
    webhooks: memoryWebhookLog(),
    queue: memoryDeliveryQueue(),
  };
  const timers: SetTimer[] = [];
  const published: CloudEvent[] = [];
  const forwarded: ForwardOrder[] = [];
  const set = () => replicaSetOf(registryOf({ regions }), noon);

  /** A process of its own. Once killed, it does nothing more, and its calls return no answer. */
  function start(budget: Crash) {
    let left = budget.afterOperations;
    const step = <T>(operate: () => Promise<T>): Promise<T> => {
      if (left <= 0) return new Promise<T>(() => undefined);
      left--;
      return operate();
    };
    const dying: ImageStore = {
      read: (name) => step(() => store.read(name)),
      commit: (change) => step(() => store.commit(change)),
      noteAccepted: (...given) => step(() => store.noteAccepted(...given)),
      publishedSince: (query) => step(() => store.publishedSince(query)),
    };
    const running: Tracker = tracker(
      {
        store: dying,
        lists: { ...shared.lists, add: (entry, names) => step(() => shared.lists.add(entry, names)) },
        tags: { ...shared.tags, note: (name, digest, at) => step(() => shared.tags.note(name, digest, at)) },
        webhooks: shared.webhooks,
        queue: shared.queue,
        timer: {
          add: (name, at, firstNoticedAt) =>
            step(async () => {
              timers.push({ name, at, firstNoticedAt });
              return at;
            }),
          cancel: async () => undefined,
        },
        publisher: {
          publish: (events) =>
            step(async () => {
              if (topicFails) throw new UpstreamError('unavailable', 'the topic fails on purpose');
              published.push(...events);
            }),
        },
        forwards: {
          put: (order) =>
            step(async () => {
              forwarded.push(order);
            }),
          deadLetter: async () => undefined,
        },
        audit: noAudit,
        health: memoryHealthEventLog(),
        checkpoints: memoryCheckpointStore(),
        sets: {
          current: set,
          ready: async () => undefined,
          refresh: async () => undefined,
          refreshSoon: () => undefined,
          refreshForQuestion: async () => undefined,
        },
        prober: prober({ probe, clock }),
        clock,
        random: () => 0.5,
        uniqueId: randomUUID,
        log: { info: () => undefined, warn: () => undefined },
      },
      {
        registries: [registry],
        targets,
        policy: { ...policy, probeAfterMs: 30_000 },
        retentionMs: 90 * 86_400_000,
        ...limits,
        cachedImages: 10,
      },
    );
    return running;
  }

  return {
    clock,
    registry,
    published,
    forwarded,
    read: store.read,
    set,
    start,
    setRegions: (count: number) => {
      regions = allRegions.slice(0, count);
    },
    setAnswer: (region: Region, digest: Digest, answer: ProbeAnswer['kind']) => {
      replicas.set(`${region} ${digest}`, answer);
    },
    setTopic: (fails: boolean) => {
      topicFails = fails;
    },
    /** Lets time pass, with a living process that handles what falls due. */
    async pass(seconds: number, alive: Tracker) {
      const until = clock.now() + seconds * 1_000;
      for (let i = 0; i < 200; i++) {
        const due = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        timers.splice(timers.indexOf(due), 1);
        await clock.advance(Math.max(0, due.at - clock.now()));
        let isAwake = false;
        const waking = alive.reconcile(due.name, due.at, due.firstNoticedAt).finally(() => {
          isAwake = true;
        });
        // It may have to pause after conflicts with other writers.
        for (let step = 0; step < 200 && !isAwake; step++) await clock.advance(10);
        await waking;
      }
      await clock.advance(Math.max(0, until - clock.now()));
    },
  };
}

const nameOf = (image: number): ImageName => ({
  registry: 'contoso',
  repository: repositoryOf('team/app'),
  digest: digestOf(image),
});

test('in any order, and whichever process is killed: true documents, everything published, under one id', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 25 }), async (commands) => {
      const reports: { image: number; fact: Fact }[] = [];
      const newest = (image: number, region: string, kind: Fact['kind']) =>
        reports
          .filter((one) => one.image === image && one.fact.region === region && one.fact.kind === kind)
          .map(({ fact }) => fact.eventTime)
          .sort()
          .at(-1) ?? '';
      const isThere = (image: number, region: string) =>
        newest(image, region, 'push') > newest(image, region, 'delete');
      // A replica is asked where the image is missing, or where it may be gone: there its answer is a fact like any other.
      const acr = world((region, digest, answer, at) => {
        const image = digest === digestOf(1) ? 1 : 2;
        if (isThere(image, region) === (answer === 'present')) return;
        const kind = answer === 'present' ? 'push' : 'delete';
        const seen = { region, eventTime: toEventTime(at), receivedAt: at, tag: undefined, mediaType: undefined };
        reports.push({ image, fact: { ...seen, kind, evidence: 'probe' } });
      });
      let running = acr.start({ afterOperations: 1_000_000 });
      for (const one of commands) {
        if (one.kind === 'set') acr.setRegions(one.regions);
        else if (one.kind === 'replica') {
          const region = allRegions[one.region];
          if (region !== undefined) acr.setAnswer(region, digestOf(one.image), one.answer);
        } else if (one.kind === 'topic') acr.setTopic(one.fails);
        else if (one.kind === 'time') await acr.pass(one.seconds, running);
        else {
          const region = allRegions[one.region];
          if (region === undefined) continue;
          const fact: Fact = {
            region,
            kind: one.delete ? 'delete' : 'push',
            eventTime: toEventTime(noon + one.at * 1_000),
            receivedAt: acr.clock.now(),
            evidence: 'webhook',
            tag: one.delete ? undefined : tagOf(`v${one.tag}`),
            mediaType: undefined,
          };
          reports.push({ image: one.image, fact });
          const mortal = acr.start(one.crash);
          // What is not acknowledged by the process that dies is delivered again, as a repeat.
          for (let i = 0; i < one.repeats; i++) void mortal.process({ name: nameOf(one.image), fact });
          await acr.clock.settle();
          void running.process({ name: nameOf(one.image), fact });
          await acr.clock.settle();
          if (one.crash.afterOperations % 2 === 1) running = acr.start({ afterOperations: 1_000_000 });
        }
      }
      acr.setTopic(false);
      await acr.pass(3_600, running);

      const set = acr.set();
      for (const image of new Set(reports.map((one) => one.image))) {
        const { repository, digest } = nameOf(image);
        const question = { registry: acr.registry, repository, digest, tag: undefined };
        const document = await running.answer(question, defaultRequirement(set));
        expect(document.missing).toEqual(expectedRegions(set).filter((region) => !isThere(image, region)));

        const events = acr.published.filter((event) => event.data.digest === digest);
        const isEverywhere = expectedRegions(set).every((region) => isThere(image, region));
        const completions = events.filter((event) => event.type === allReplicas);
        if (isEverywhere) expect(completions.length).toBeGreaterThan(0);
        // One fact, one id: within one generation there is exactly one.
        for (const generation of new Set(completions.map((event) => event.data.generation))) {
          expect(
            new Set(completions.filter((event) => event.data.generation === generation).map((event) => event.id)).size,
          ).toBe(1);
        }
        const record = await running.events(question);
        expect(record?.events.filter((event) => event.publishedAt === null)).toEqual([]);

        // Every webhook that was due has been queued, under one id, and none is due any more.
        const stored = (await acr.read(nameOf(image)))?.record;
        if (stored === undefined) continue;
        expect(dueForwards(stored, set, targets, acr.clock.now())).toEqual([]);
        const ids = stored.forwards.map((entry) => toOrder(stored, entry).id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(stored.forwards.filter((entry) => entry.queuedAt === null)).toEqual([]);
        expect(acr.forwarded.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
      }
    }),
    { numRuns: 300 },
  );
}, 120_000);
