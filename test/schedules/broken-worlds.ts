/**
 * Worlds with one part broken on purpose, and the rule that must notice. A net that has never caught anything may have a
 * hole of any size: for every rule there is a world here that breaks it.
 */
import { acknowledge } from '../../src/core/acknowledge.ts';
import { announcementTypes } from '../../src/core/announcement.ts';
import { WorldError } from '../../src/core/errors.ts';
import type { ImageRecord } from '../../src/core/image.ts';
import { imageKey, pendingKeys } from '../../src/core/image.ts';
import type { EventPublisher, ImageStore, ReplicaSetStore, Version } from '../../src/core/ports.ts';
import type { TrackerPorts } from '../../src/core/tracker.ts';
import type { Rule } from './case.ts';
import type { Saboteur } from './instance.ts';

export interface BrokenWorld {
  readonly name: string;
  readonly breaks: Rule;
  readonly sabotage: Saboteur;
}

const forever = () => new Promise<never>(() => undefined);

export const brokenWorlds: readonly BrokenWorld[] = [
  {
    name: 'a store that ignores versions',
    breaks: 'an acknowledged fact is kept',
    sabotage: { ports: (ports) => ({ ...ports, store: ignoringVersions(ports.store) }) },
  },
  {
    name: 'a commit that is answered before it is durable',
    breaks: 'an acknowledged fact is kept',
    sabotage: { ownPorts: (ports) => ({ ...ports, store: answeringEarly(ports.store) }) },
  },
  {
    name: 'a note of what the topic has taken that writes back all that was known with it',
    breaks: 'an acknowledged fact is kept',
    sabotage: { ownPorts: (ports) => ({ ...ports, store: writingBack(ports.store) }) },
  },
  {
    name: 'a fact that is acknowledged and never stored',
    breaks: 'an acknowledged fact is kept',
    sabotage: {
      tracker: (good) => ({
        ...good,
        receive: async (delivery) => (delivery.fact.region === 'eastus' ? 'recorded' : good.receive(delivery)),
      }),
    },
  },
  {
    name: 'a queue that loses what was deferred',
    breaks: 'an acknowledged fact is kept',
    sabotage: { ownPorts: (ports) => ({ ...ports, queue: { defer: async () => undefined } }) },
  },
  {
    name: 'a publisher whose errors are taken as success',
    breaks: 'only what was sent is noted as told',
    sabotage: {
      ownPorts: (ports) => publishing(ports, (events) => ports.publisher.publish(events).catch(() => undefined)),
    },
  },
  {
    name: 'a note of what the topic has taken that takes in whatever there is to tell',
    breaks: 'only what was sent is noted as told',
    sabotage: { ports: (ports) => ({ ...ports, store: notingAll(ports.store) }) },
  },
  {
    name: 'an announcement noted as told without being sent',
    breaks: 'only what was sent is noted as told',
    sabotage: {
      ownPorts: (ports) =>
        publishing(ports, (events) =>
          ports.publisher.publish(events.filter(({ type }) => type !== announcementTypes.availableInAllReplicas)),
        ),
    },
  },
  {
    name: 'timers that are lost',
    breaks: 'what is true is told',
    sabotage: { ownPorts: (ports) => ({ ...ports, timer: { wake: async () => undefined } }) },
  },
  {
    name: 'a topic that takes nothing',
    breaks: 'nothing stays untold',
    sabotage: {
      ownPorts: (ports) =>
        publishing(ports, async () => {
          throw new WorldError('unavailable', 'the topic takes nothing');
        }),
    },
  },
  {
    name: 'a replica that is forgotten',
    breaks: 'in all replicas is never told early',
    sabotage: { ownPorts: withoutLastReplica },
  },
  {
    name: 'an id made of when it was sent',
    breaks: 'one fact has one id',
    sabotage: {
      ownPorts: (ports) =>
        publishing(ports, (events) =>
          ports.publisher.publish(events.map((event) => ({ ...event, id: `${event.id} ${ports.clock.now()}` }))),
        ),
    },
  },
  {
    name: 'a new generation that tells old news',
    breaks: 'one fact has one id',
    sabotage: { ownPorts: (ports) => ({ ...ports, store: forgettingOldNews(ports.store) }) },
  },
  {
    name: 'an event of the wrong type',
    breaks: 'an event is true',
    sabotage: {
      ownPorts: (ports) =>
        publishing(ports, (events) =>
          ports.publisher.publish(events.map((event) => ({ ...event, type: announcementTypes.deletedInRegion }))),
        ),
    },
  },
  {
    name: 'an answer that hopes for the best',
    breaks: 'an answer is true',
    sabotage: {
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
    name: 'a waiter that is told what it wants to hear',
    breaks: 'a waiter is answered truly',
    sabotage: {
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
    name: 'a waiter that nobody wakes',
    breaks: 'a waiter is answered in time',
    sabotage: { tracker: (good) => ({ ...good, wait: forever }) },
  },
  {
    name: 'a webhook without an answer',
    breaks: 'a webhook is answered in time',
    sabotage: { tracker: (good) => ({ ...good, receive: forever }) },
  },
  {
    name: 'a control plane that tells half of it',
    breaks: 'the replica set is one that was told',
    sabotage: {
      ports({ directory, ...ports }) {
        if (directory === undefined) return { directory, ...ports };
        return { ...ports, directory: { replicas: async (of) => (await directory.replicas(of)).slice(1) } };
      },
    },
  },
  {
    name: 'a store of replica sets that ignores versions',
    breaks: 'a replica set gives way only to a later one',
    sabotage: { ports: (ports) => ({ ...ports, sets: overwriting(ports.sets) }) },
  },
  {
    name: 'an index that forgets',
    breaks: 'images are listed',
    sabotage: { ports: (ports) => ({ ...ports, index: { ...ports.index, add: async () => undefined } }) },
  },
  {
    name: 'a timer that is counted on although it has rung, too early',
    breaks: 'what is true is told',
    sabotage: {
      tracker: (good) => ({ ...good, wake: (name, _rungAt, noticedAt) => good.wake(name, undefined, noticedAt) }),
    },
  },
  {
    name: 'timers that double, of which no record knows',
    breaks: 'timers come to rest',
    sabotage: { ownPorts: withDoubleTimers },
  },
  {
    name: 'a function that never ends',
    breaks: 'work comes to an end',
    sabotage: { tracker: (good) => ({ ...good, wake: forever }) },
  },
];

function publishing(ports: TrackerPorts, publish: EventPublisher['publish']): TrackerPorts {
  return { ...ports, publisher: { publish } };
}

function forgettingOldNews(store: ImageStore): ImageStore {
  return { ...store, commit: ({ record, basedOn }) => store.commit({ record: { ...record, oldNews: [] }, basedOn }) };
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

function overwriting(sets: ReplicaSetStore): ReplicaSetStore {
  return {
    ...sets,
    save: async (registry, set) => sets.save(registry, set, (await sets.load(registry))?.version),
  };
}

/** Writes one after the other as it should, only later than it says. */
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

/** What this instance wrote last, not what others have made of it since. */
function writingBack(store: ImageStore): ImageStore {
  const written = new Map<string, ImageRecord>();
  return {
    ...store,
    commit(change) {
      written.set(imageKey(change.record.name), change.record);
      return store.commit(change);
    },
    async acknowledge(name, taken) {
      const stored = await store.read(name);
      const record = written.get(imageKey(name)) ?? stored?.record;
      if (stored === undefined || record === undefined) return;
      await store.commit({ record: taken.reduce(acknowledge, record), basedOn: stored.version });
    },
  };
}

function notingAll(store: ImageStore): ImageStore {
  return {
    ...store,
    async acknowledge(name, taken, now) {
      const stored = await store.read(name);
      const keys = stored === undefined ? [] : pendingKeys(stored.record);
      await store.acknowledge(name, [...taken, { keys, at: now }], now);
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

/** As long as something stays untold, each that rings sets two. */
function withDoubleTimers({ timer, store, ...ports }: TrackerPorts): TrackerPorts {
  const nothing = async () => {
    throw new WorldError('unavailable', 'the topic takes nothing');
  };
  return publishing(
    {
      ...ports,
      timer: {
        async wake(name, at, noticedAt) {
          await timer.wake(name, at, noticedAt);
          await timer.wake(name, at + 60_000, noticedAt);
        },
      },
      store: {
        ...store,
        async read(name) {
          const stored = await store.read(name);
          return stored && { ...stored, record: { ...stored.record, wakeAt: null } };
        },
      },
    },
    nothing,
  );
}
