/**
 * Worlds with a wrong assumption: each takes for certain what clocks, missing answers, wrong answers or the passing of
 * time make uncertain. One of them was once a fault of the tracker.
 */
import type { AvailabilityDocument, AvailabilityQuery } from '../../src/core/image/availability.ts';
import type { ImageRecord } from '../../src/core/image/record.ts';
import type { EventTime } from '../../src/core/model/event-time.ts';
import type { ImageStore } from '../../src/core/ports.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import type { Tracker, TrackerPorts } from '../../src/core/tracker.ts';
import type { BrokenWorld } from './broken-worlds.ts';

export const wrongAssumptionWorlds: readonly BrokenWorld[] = [
  {
    name: 'the order of two digests of a tag that is guessed across regions',
    fromSeed: 18,
    breaks: 'an event is true',
    replacements: { ownPorts: (ports) => ({ ...ports, store: guessingOrder(ports) }) },
  },
  {
    name: 'a wait that is refused where another region has another digest of the tag',
    breaks: 'the answer to a wait is true',
    replacements: { tracker: refusingOthers },
  },
  {
    name: 'a time far in the future that is used as it is',
    fromSeed: 36,
    breaks: 'an acknowledged fact is kept',
    replacements: { tracker: trustingTimes },
  },
  {
    name: 'a new wait that is answered from memory while the tables are unavailable',
    fromSeed: 95,
    breaks: 'the answer to a wait is true',
    replacements: { tracker: answeringFromMemory },
  },
  {
    name: 'a delete of a tag without a digest that counts as confirmed',
    fromSeed: 400,
    breaks: 'a tag deleted without a digest is compared',
    replacements: {
      tracker: (good) => ({
        ...good,
        receive: (one) => good.receive('fact' in one || one.tag === undefined ? one : { ...one, evidence: 'probe' }),
      }),
    },
  },
  {
    name: 'a replica whose unclear answer counts as absent',
    fromSeed: 208,
    breaks: 'an event is true',
    replacements: {
      ownPorts: (ports) => ({
        ...ports,
        prober: {
          ...ports.prober,
          async ask(...asked) {
            const answer = await ports.prober.ask(...asked);
            return answer.kind === 'unclear' ? { kind: 'absent' } : answer;
          },
        },
      }),
    },
  },
  {
    name: 'a store that removes images without reports for a long time',
    fromSeed: 64,
    breaks: 'an acknowledged fact is kept',
    replacements: { ports: (ports) => ({ ...ports, store: forgetting(ports.store, isOld) }) },
  },
  {
    name: 'a store that removes the generations of expired images',
    fromSeed: 64,
    breaks: 'a generation is never published again',
    replacements: {
      ports: (ports) => ({ ...ports, store: forgetting(ports.store, ({ expiredAt }) => expiredAt !== null) }),
    },
  },
  {
    name: 'a row too small for many regions',
    fromSeed: 19,
    breaks: 'all work ends',
    replacements: { ports: (ports) => ({ ...ports, store: refusingLarge(ports.store) }) },
  },
  {
    name: 'a tag that is dropped once a hundred others point to the same digest',
    // Few schedules have as many tags and are certain of all of them.
    fromSeed: 460,
    breaks: 'an answer is true',
    replacements: { ports: (ports) => ({ ...ports, store: keepingNewestTags(ports.store) }) },
  },
  {
    name: 'deletes without a digest that are ignored',
    fromSeed: 170,
    breaks: 'an answer is true',
    replacements: {
      tracker: (good) => ({
        ...good,
        receive: async (received) => ('fact' in received ? good.receive(received) : 'recorded'),
        process: async (received) => ('fact' in received ? good.process(received) : 'recorded'),
      }),
    },
  },
  {
    name: 'a wait that is refused as soon as the image is deleted or the tag has moved',
    breaks: 'no wait is refused too early',
    replacements: { tracker: refusingAtOnce },
  },
];

/** What was pushed later with another digest, in any region, takes the tag from this one. */
function guessingOrder({ store, tags }: TrackerPorts): ImageStore {
  return {
    ...store,
    async commit({ record, basedOn }) {
      const moved = { ...record.tags };
      for (const [text, progress] of Object.entries(record.tags)) {
        if (progress.state !== 'open') continue;
        const { registry, repository, digest } = record.name;
        const name = { registry, repository, tag: text as Parameters<typeof tags.digests>[0]['tag'] };
        const [newest] = await tags.digests(name).catch(() => []);
        if (newest === undefined || newest.digest === digest) continue;
        moved[text] = {
          ...progress,
          state: 'superseded',
          movedTo: newest.digest,
          movedBy: { nowhere: newest.pushedAt },
        };
      }
      return store.commit({ record: { ...record, tags: moved }, basedOn });
    },
  };
}

function refusingOthers(good: Tracker): Tracker {
  return {
    ...good,
    async wait(question, requirement, timeoutMs) {
      const result = await good.wait(question, requirement, timeoutMs);
      const { tag, digest } = result.document;
      const isOther = tag?.regions.some((region) => region.digest !== digest) ?? false;
      const isBoth = question.tag !== undefined && question.digest !== undefined;
      return result.outcome === 'waiting' && isBoth && isOther ? { ...result, outcome: 'superseded' } : result;
    },
  };
}

/** As if it had been received at the time that the event says. */
function trustingTimes(good: Tracker): Tracker {
  const trusted: Tracker['receive'] = (received) => {
    if (!('fact' in received)) return good.receive(received);
    const { fact } = received;
    const receivedAt = Math.max(fact.receivedAt, Date.parse(`${fact.eventTime.slice(0, 23)}Z`));
    return good.receive({ ...received, fact: { ...fact, receivedAt } });
  };
  return { ...good, receive: trusted };
}

function answeringFromMemory(good: Tracker): Tracker {
  const cached = new Map<string, AvailabilityDocument>();
  const keyOf = ({ tag, digest }: AvailabilityQuery) => `${tag}@${digest}`;
  return {
    ...good,
    async wait(question, requirement, timeoutMs) {
      const key = keyOf(question);
      try {
        const result = await good.wait(question, requirement, timeoutMs);
        if (result.outcome === 'satisfied') cached.set(key, result.document);
        else cached.delete(key);
        return result;
      } catch (error) {
        const document = cached.get(key);
        if (document === undefined) throw error;
        return { outcome: 'satisfied', isFinal: false, document };
      }
    },
  };
}

const ninetyDaysMs = 90 * 86_400_000;
const isOld = (record: ImageRecord, now: number) => record.changedAt < now - ninetyDaysMs;

/** It has no clock: now is when anything was last written or noted. */
function forgetting(store: ImageStore, isForgotten: (record: ImageRecord, now: number) => boolean): ImageStore {
  let now = 0;
  const read: ImageStore['read'] = async (name) => {
    const stored = await store.read(name);
    return stored === undefined || isForgotten(stored.record, now) ? undefined : stored;
  };
  return {
    ...store,
    read,
    async commit({ record, basedOn }) {
      now = Math.max(now, record.changedAt);
      const stored = await store.read(record.name);
      const isGone = stored !== undefined && isForgotten(stored.record, now);
      return store.commit({ record, basedOn: isGone ? stored.version : basedOn });
    },
  };
}

const largest = 8_000;

function refusingLarge(store: ImageStore): ImageStore {
  return {
    ...store,
    async commit(change) {
      if (JSON.stringify(change.record.arrivals).length > largest)
        throw new UpstreamError('unavailable', 'the row is too large');
      return store.commit(change);
    },
  };
}

function keepingNewestTags(store: ImageStore): ImageStore {
  const newest = (tags: Readonly<Record<string, EventTime>>) =>
    Object.fromEntries(
      Object.entries(tags)
        .sort(([, a], [, b]) => (a > b ? -1 : 1))
        .slice(0, 100),
    );
  return {
    ...store,
    commit({ record, basedOn }) {
      const arrivals = Object.entries(record.arrivals).map(([region, one]) => [
        region,
        { ...one, tags: newest(one.tags) },
      ]);
      return store.commit({ record: { ...record, arrivals: Object.fromEntries(arrivals) }, basedOn });
    },
  };
}

function refusingAtOnce(good: Tracker): Tracker {
  return {
    ...good,
    async wait(question, requirement, timeoutMs) {
      const first = await good.wait(question, requirement, 0);
      const isRefused = first.outcome === 'deleted' || first.outcome === 'superseded';
      return isRefused ? { ...first, isFinal: true } : good.wait(question, requirement, timeoutMs);
    },
  };
}
