/**
 * Worlds with one part broken on purpose, and the rule that must find it. They test the rules: for every rule there is
 * a world here that breaks it.
 */

import { noteAccepted } from '../../src/core/image/accepted-events.ts';
import { announcementTypes } from '../../src/core/image/announcement-key.ts';
import type { ImageRecord } from '../../src/core/image/record.ts';
import { imageKey, pendingKeys } from '../../src/core/image/record.ts';
import type { Registry } from '../../src/core/model/registry.ts';
import type { Replica } from '../../src/core/model/replica-set.ts';
import type {
  CheckpointStore,
  DueWorkStore,
  EventPublisher,
  ImageStore,
  ReplicaSetStore,
  Version,
} from '../../src/core/ports.ts';
import type { ReplicaList } from '../../src/core/replicas/replica-proof.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import type { TrackerPorts } from '../../src/core/tracker.ts';
import { regionOf, regionsOf } from '../support/build.ts';
import type { Rule } from './case.ts';
import type { Replacements, SharedPorts } from './instance.ts';

export interface BrokenWorld {
  readonly name: string;
  readonly breaks: Rule;
  /** The first seed to try, where few schedules show the fault. */
  readonly fromSeed?: number;
  readonly replacements: Replacements;
}

const forever = () => new Promise<never>(() => undefined);

export const brokenWorlds: readonly BrokenWorld[] = [
  {
    name: 'a store that ignores versions',
    breaks: 'an acknowledged fact is kept',
    replacements: { ports: (ports) => ({ ...ports, store: ignoringVersions(ports.store) }) },
  },
  {
    name: 'a commit that is answered before it is durable',
    breaks: 'an acknowledged fact is kept',
    replacements: { ownPorts: (ports) => ({ ...ports, store: answeringEarly(ports.store) }) },
  },
  {
    name: 'accepted events that are noted by writing back the whole record as it was read',
    breaks: 'an acknowledged fact is kept',
    replacements: { ownPorts: (ports) => ({ ...ports, store: writingBack(ports.store) }) },
  },
  {
    name: 'a fact that is acknowledged and never stored',
    breaks: 'an acknowledged fact is kept',
    replacements: {
      tracker: (good) => ({
        ...good,
        receive: async (delivery) =>
          'fact' in delivery && delivery.fact.region === 'eastus' ? 'recorded' : good.receive(delivery),
      }),
    },
  },
  {
    name: 'a queue that loses what was deferred',
    breaks: 'an acknowledged fact is kept',
    replacements: { ownPorts: (ports) => ({ ...ports, queue: { defer: async () => undefined } }) },
  },
  {
    name: 'a queue that delivers each message once, and loses it when its instance is killed',
    fromSeed: 150,
    breaks: 'an acknowledged fact is kept',
    replacements: {
      ownPorts: (ports) => ({
        ...ports,
        // Put back, and so not for the first time.
        queue: { defer: (delivery, delayMs) => ports.queue.defer(delivery, Math.max(1, delayMs)) },
      }),
    },
  },
  {
    name: 'a publisher whose errors count as success',
    breaks: 'only what was sent is stored as published',
    replacements: {
      ownPorts: (ports) => publishing(ports, (events) => ports.publisher.publish(events).catch(() => undefined)),
    },
  },
  {
    name: 'accepted events that are noted for all events of the record',
    breaks: 'only what was sent is stored as published',
    replacements: { ports: (ports) => ({ ...ports, store: notingAll(ports.store) }) },
  },
  {
    name: 'an announcement stored as published without being sent',
    breaks: 'only what was sent is stored as published',
    replacements: {
      ownPorts: (ports) =>
        publishing(ports, (events) =>
          ports.publisher.publish(events.filter(({ type }) => type !== announcementTypes.availableInAllReplicas)),
        ),
    },
  },
  {
    name: 'timers that are lost',
    breaks: 'what is true is published',
    replacements: { ownPorts: (ports) => ({ ...ports, timer: { ...ports.timer, add: async (_name, at) => at } }) },
  },
  {
    name: 'due work that is removed before it is done',
    fromSeed: 1870,
    breaks: 'nothing stays unpublished',
    replacements: { ports: (ports) => ({ ...ports, dueWork: removingEarly(ports.dueWork) }) },
  },
  {
    name: 'a topic that accepts nothing',
    breaks: 'nothing stays unpublished',
    replacements: {
      ownPorts: (ports) =>
        publishing(ports, async () => {
          throw new UpstreamError('unavailable', 'the topic accepts nothing');
        }),
    },
  },
  {
    name: 'a refused event that delays the other events of its image',
    breaks: 'nothing stays unpublished',
    replacements: { ownPorts: delayingOthers },
  },
  {
    name: 'timers that fire every half minute, however long the topic has been unavailable',
    fromSeed: 81,
    breaks: 'an unavailable topic is called rarely',
    replacements: { ownPorts: withFrequentTimers },
  },
  {
    name: 'a forward that is sent unless the image is deleted everywhere',
    fromSeed: 211,
    breaks: 'a forward is true',
    replacements: { outcome: (outcome) => (outcome === 'waiting' ? 'satisfied' : outcome) },
  },
  {
    name: 'a replica that is left out',
    breaks: 'in all replicas is never published early',
    replacements: { ownPorts: withoutLastReplica },
  },
  {
    name: 'an id made of when it was sent',
    breaks: 'one fact has one id',
    replacements: {
      ownPorts: (ports) =>
        publishing(ports, (events) =>
          ports.publisher.publish(events.map((event) => ({ ...event, id: `${event.id} ${ports.clock.now()}` }))),
        ),
    },
  },
  {
    name: 'a new generation that publishes old facts',
    fromSeed: 17,
    breaks: 'one fact has one id',
    replacements: { ownPorts: (ports) => ({ ...ports, store: forgettingAnnounced(ports.store) }) },
  },
  {
    name: 'an event of the wrong type',
    breaks: 'an event is true',
    replacements: {
      ownPorts: (ports) =>
        publishing(ports, (events) =>
          ports.publisher.publish(events.map((event) => ({ ...event, type: announcementTypes.deletedInRegion }))),
        ),
    },
  },
  {
    name: 'an answer that counts missing regions as available',
    breaks: 'an answer is true',
    replacements: {
      tracker: (good) => ({
        ...good,
        async answer(question, requirement) {
          const document = await good.answer(question, requirement);
          return { ...document, regions: document.regions.map((entry) => ({ ...entry, state: 'available' })) };
        },
      }),
    },
  },
  {
    name: 'a wait that always ends as satisfied',
    breaks: 'the answer to a wait is true',
    replacements: {
      tracker: (good) => ({
        ...good,
        wait: async (question, requirement, timeoutMs) => ({
          ...(await good.wait(question, requirement, timeoutMs)),
          outcome: 'satisfied',
        }),
      }),
    },
  },
  {
    name: 'a wait that no write ends',
    breaks: 'a wait is answered in time',
    replacements: { tracker: (good) => ({ ...good, wait: forever }) },
  },
  {
    name: 'a webhook without an answer',
    breaks: 'a webhook is answered in time',
    replacements: { tracker: (good) => ({ ...good, receive: forever }) },
  },
  {
    name: 'a control plane that lists a replica that does not exist',
    breaks: 'the replica set is one that ARM returned',
    replacements: {
      ports: (ports) =>
        askingOf(ports, ({ home, replicas }) => [...replicas, { ...home, region: nowhere, name: 'nowhere' }]),
    },
  },
  {
    name: 'a list of replicas that counts as proof of what it lacks',
    fromSeed: 18,
    breaks: 'a replica is removed only on proof',
    replacements: { ports: (ports) => trustingTheList(ports, () => true) },
  },
  {
    name: 'a control plane whose failed replicas count as removed',
    breaks: 'a replica is removed only on proof',
    replacements: {
      ports: (ports) => trustingTheList(ports, ({ provisioningState }) => provisioningState !== 'Failed'),
    },
  },
  {
    name: 'a home replica that counts as new once it has a state',
    breaks: 'a replica is removed only on proof',
    replacements: { ports: (ports) => ({ ...ports, sets: withNewHome(ports.sets) }) },
  },
  {
    name: 'a store of replica sets that ignores versions',
    breaks: 'a replica set is replaced only by a later one',
    replacements: { ports: (ports) => ({ ...ports, sets: overwriting(ports.sets) }) },
  },
  {
    name: 'a list of images that loses entries',
    breaks: 'images are listed',
    replacements: { ports: (ports) => ({ ...ports, lists: { ...ports.lists, add: async () => undefined } }) },
  },
  {
    name: 'a review that leaves out images that were available before a region was added',
    fromSeed: 402,
    breaks: 'images are listed',
    replacements: { ports: (ports) => ({ ...ports, checkpoints: skippingReviews(ports.checkpoints) }) },
  },
  {
    name: 'a timer that counts as set although it has fired, early by the clock of the instance that relies on it',
    fromSeed: 28,
    breaks: 'nothing stays unpublished',
    replacements: {
      ports: (ports) => ({ ...ports, dueWork: firingEarly(ports.dueWork) }),
      tracker: (good) => ({
        ...good,
        reconcile: (name, _firedAt, firstNoticedAt) => good.reconcile(name, undefined, firstNoticedAt),
      }),
    },
  },
  {
    name: 'timers that are set twice, and that no record has',
    breaks: 'no timer fires without need',
    replacements: { ownPorts: withDoubleTimers },
  },
  {
    name: 'a function that never ends',
    breaks: 'all work ends',
    replacements: { tracker: (good) => ({ ...good, reconcile: forever }) },
  },
];

function publishing(ports: TrackerPorts, publish: EventPublisher['publish']): TrackerPorts {
  return { ...ports, publisher: { publish } };
}

const nowhere = regionOf('nowhere');

function askingOf(
  { directory, ...ports }: SharedPorts,
  list: (answer: ReplicaList) => readonly Replica[],
): SharedPorts {
  if (directory === undefined) return { directory, ...ports };
  const listed = async (of: Registry) => directory.list(of);
  return {
    ...ports,
    directory: {
      list: async (of) => {
        const truth = await listed(of);
        return { ...truth, replicas: list(truth) };
      },
      find: async (of, name) =>
        name === 'nowhere' ? { ...(await listed(of)).home, region: nowhere, name } : directory.find(of, name),
    },
  };
}

/** A replica that the list lacks is called `Deleting`, and is not found by name: so it is removed at once. */
function trustingTheList({ directory, ...ports }: SharedPorts, isThere: (listed: Replica) => boolean): SharedPorts {
  if (directory === undefined) return { directory, ...ports };
  const known = new Map<string, Replica>();
  const listed = new Set<string>();
  return {
    ...ports,
    directory: {
      async list(of) {
        const { home, replicas } = await directory.list(of);
        const there = replicas.filter(isThere);
        listed.clear();
        for (const one of there) listed.add(one.name ?? '');
        for (const one of there) known.set(one.name ?? '', one);
        const leaving = [...known].flatMap(([name, one]) =>
          listed.has(name) ? [] : [{ ...one, provisioningState: 'Deleting' }],
        );
        return { home, replicas: [...there, ...leaving] };
      },
      find: async (of, name) => (listed.has(name) ? directory.find(of, name) : undefined),
    },
  };
}

/** What was reported from the home region before it had a replica of its own is void. */
function withNewHome(sets: ReplicaSetStore): ReplicaSetStore {
  const [home] = regionsOf('eastus');
  return {
    ...sets,
    save(registry, set, basedOn) {
      const replicas = set.replicas.map((one) =>
        one.region === home && one.name !== undefined ? { ...one, lastAbsentAt: set.refreshedAt } : one,
      );
      return sets.save(registry, { ...set, replicas }, basedOn);
    },
  };
}

/** Each change of the set is stored as already reviewed. */
function skippingReviews(checkpoints: CheckpointStore): CheckpointStore {
  return { ...checkpoints, save: (registry, { set }) => checkpoints.save(registry, { set, cursor: null }) };
}

/** As for a sweep whose clock is ahead of all others. */
function firingEarly(dueWork: DueWorkStore): DueWorkStore {
  return { ...dueWork, due: ({ before, ...query }) => dueWork.due({ before: before + 20_000, ...query }) };
}

function forgettingAnnounced(store: ImageStore): ImageStore {
  return {
    ...store,
    commit: ({ record, basedOn }) => store.commit({ record: { ...record, alreadyAnnounced: [] }, basedOn }),
  };
}

function ignoringVersions(store: ImageStore): ImageStore {
  return {
    ...store,
    async commit({ record }) {
      const stored = await store.read(record.name);
      return store.commit({ record, basedOn: stored?.version });
    },
  };
}

function removingEarly(dueWork: DueWorkStore): DueWorkStore {
  return {
    ...dueWork,
    async due(query) {
      const page = await dueWork.due(query);
      await Promise.all(page.items.map(dueWork.remove));
      return page;
    },
    postpone: async () => undefined,
  };
}

function overwriting(sets: ReplicaSetStore): ReplicaSetStore {
  return {
    ...sets,
    save: async (registry, set) => sets.save(registry, set, (await sets.load(registry))?.version),
  };
}

/** Writes one record after the other, but answers before it has written. */
function answeringEarly(store: ImageStore): ImageStore {
  const written = new Map<Version, Promise<Version | undefined>>();
  return {
    ...store,
    async commit({ record, basedOn }) {
      const early = `early ${written.size}`;
      const before = basedOn === undefined ? undefined : (written.get(basedOn) ?? basedOn);
      const commit = Promise.resolve(before).then((version) => store.commit({ record, basedOn: version }));
      const version = commit.then(
        (answer) => (answer === 'conflict' ? undefined : answer.version),
        () => undefined,
      );
      written.set(early, version);
      return { version: early };
    },
  };
}

/** Writes back the record that this instance wrote last, without what others have written since. */
function writingBack(store: ImageStore): ImageStore {
  const written = new Map<string, ImageRecord>();
  return {
    ...store,
    commit(change) {
      written.set(imageKey(change.record.name), change.record);
      return store.commit(change);
    },
    async noteAccepted(name, taken) {
      const stored = await store.read(name);
      const record = written.get(imageKey(name)) ?? stored?.record;
      if (stored === undefined || record === undefined) return;
      await store.commit({ record: taken.reduce(noteAccepted, record), basedOn: stored.version });
    },
  };
}

function notingAll(store: ImageStore): ImageStore {
  return {
    ...store,
    async noteAccepted(name, taken, now) {
      const stored = await store.read(name);
      const keys = stored === undefined ? [] : pendingKeys(stored.record);
      await store.noteAccepted(name, [...taken, { keys, at: now }], now);
    },
  };
}

function withoutLastReplica({ sets, ...ports }: TrackerPorts): TrackerPorts {
  return {
    ...ports,
    sets: {
      ...sets,
      current(registry) {
        const set = sets.current(registry);
        return set.replicas.length < 2 ? set : { ...set, replicas: set.replicas.slice(0, -1) };
      },
    },
  };
}

/** As if all that is pending of an image went in one batch, and in no other. */
function delayingOthers(ports: TrackerPorts): TrackerPorts {
  const refused = new Set<string | null>();
  return publishing(ports, async (events) => {
    if (events.some(({ data }) => refused.has(data.digest)))
      throw new UpstreamError('invalid', 'one of them is refused');
    try {
      await ports.publisher.publish(events);
    } catch (error) {
      const [event] = events;
      if (error instanceof UpstreamError && !error.temporary && events.length === 1)
        refused.add(event?.data.digest ?? null);
      throw error;
    }
  });
}

/** Each timer that fires sets the next one soon, as if the event had just become due. */
function withFrequentTimers({ timer, clock, ...ports }: TrackerPorts): TrackerPorts {
  const soon = (at: number) => Math.min(at, clock.now() + 30_000);
  const add: TrackerPorts['timer']['add'] = (name, at, firstNoticedAt) => timer.add(name, soon(at), firstNoticedAt);
  return { ...ports, clock, timer: { ...timer, add } };
}

/** While an event is unpublished, each timer that fires sets several others, all soon. */
function withDoubleTimers({ timer, store, ...ports }: TrackerPorts): TrackerPorts {
  const nothing = async () => {
    throw new UpstreamError('unavailable', 'the topic accepts nothing');
  };
  return publishing(
    {
      ...ports,
      timer: {
        ...timer,
        async add(name, at, firstNoticedAt) {
          const soon = Math.min(at, ports.clock.now() + 5_000);
          for (const laterMs of [20_000, 40_000, 60_000]) await timer.add(name, soon + laterMs, firstNoticedAt);
          return timer.add(name, soon, firstNoticedAt);
        },
      },
      store: {
        ...store,
        async read(name) {
          const stored = await store.read(name);
          return stored && { ...stored, record: { ...stored.record, requeueAt: null } };
        },
      },
    },
    nothing,
  );
}
