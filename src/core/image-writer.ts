/**
 * The only way an image's record changes. Steps for one image that meet in this process share one write; writers in
 * other processes are noticed by the record's version, and then the steps are decided again on what they wrote.
 * Without the sharing, ten regions speaking at once would overtake each other over and over.
 *
 * Order of writes: first everything that helps to find the image again (timer, lists, tag), then the record with its
 * due events in one transaction. A crash between the two leaves a hint that leads nowhere, never a fact nobody follows.
 */
import { announcementKey } from './announcement.ts';
import type { MergeOutcome } from './arrival.ts';
import type { Circumstances } from './circumstances.ts';
import type { Step } from './decide.ts';
import { decide } from './decide.ts';
import { WorldError } from './errors.ts';
import type { ImageName, ImageRecord } from './image.ts';
import { arrivalIn, arrivalRegions, imageKey, imageState, withoutVoid } from './image.ts';
import type { ImageCache } from './image-cache.ts';
import { nextWakeAt } from './next-wake.ts';
import { mayBeListed } from './open-images.ts';
import type {
  Clock,
  ImageIndex,
  ImageStore,
  IndexEntry,
  IndexList,
  StoredImage,
  TagIndex,
  WakeTimer,
} from './ports.ts';
import type { Tag } from './reference.ts';
import type { Registry } from './registry.ts';

export interface ImageWriterParts {
  readonly store: ImageStore;
  readonly index: ImageIndex;
  readonly tags: TagIndex;
  readonly timer: WakeTimer;
  readonly cache: ImageCache;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  registry(name: ImageName): Registry;
  circumstances(registry: Registry): Circumstances;
  /** Called after each write, with what it stored, the keys of the announcements it made, and what was there before. */
  onWritten(record: ImageRecord, made: readonly string[], before: ImageRecord | undefined): void;
}

export interface Written {
  /** As stored; `undefined` when nobody has ever spoken of the image. */
  readonly record: ImageRecord | undefined;
  /** For facts. */
  readonly outcome: MergeOutcome | undefined;
}

export interface ImageWriter {
  /** Reads the image from the storage, past the cache. */
  read(name: ImageName): Promise<ImageRecord | undefined>;
  /** Fails with a `WorldError`; the step may have been stored all the same, and may safely be submitted again. */
  submit(name: ImageName, step: Step): Promise<Written>;
  /** Goes with the next write of the image, or by itself after that time at the latest. */
  submitWithin(name: ImageName, step: Step, milliseconds: number): Promise<Written>;
  /** Writes what still waits for company; for an orderly end. */
  flush(): Promise<void>;
}

interface Job {
  readonly step: Step;
  resolve(written: Written): void;
  reject(error: unknown): void;
}

/** The steps waiting for one image's next write. */
interface Lane {
  readonly name: ImageName;
  readonly waiting: Job[];
  /** Steps that wait for company, and until when at most. */
  patient: Job[];
  patientUntil: number;
  running: Promise<void> | undefined;
}

/** Marks patient steps whose time came while a write was under way. */
const overdue = Number.NEGATIVE_INFINITY;
const mostAttempts = 40;
const mostStepsPerWrite = 40;
const longestPauseMs = 250;
/** A copy of a record that changed so lately is worth a try, whatever is known of copies. */
const freshMs = 50;
/** A timer that rings this much later than wanted is near enough. */
const timerSlackMs = 20_000;

export function imageWriter(parts: ImageWriterParts): ImageWriter {
  const { store, cache, clock } = parts;
  const lanes = new Map<string, Lane>();
  const copies = copyExperience();

  function laneOf(name: ImageName): Lane {
    const key = imageKey(name);
    const lane = lanes.get(key) ?? {
      name,
      waiting: [],
      patient: [],
      patientUntil: Number.POSITIVE_INFINITY,
      running: undefined,
    };
    lanes.set(key, lane);
    return lane;
  }

  function start(lane: Lane): Promise<void> {
    lane.running ??= run(lane).finally(() => {
      lane.running = undefined;
      const isOverdue = lane.patient.length > 0 && lane.patientUntil === overdue;
      if (lane.waiting.length > 0 || isOverdue) start(lane);
      else if (lane.patient.length === 0) lanes.delete(imageKey(lane.name));
    });
    return lane.running;
  }

  async function run(lane: Lane): Promise<void> {
    // What comes in this same turn still goes with the first write.
    await Promise.resolve();
    // Patient steps ride along with the first write; those that come during it wait for company, or for their time.
    do {
      const jobs = [...lane.patient.splice(0), ...lane.waiting.splice(0, mostStepsPerWrite)];
      lane.patientUntil = Number.POSITIVE_INFINITY;
      try {
        const results = await write(
          lane.name,
          jobs.map((job) => job.step),
        );
        jobs.forEach((job, i) => {
          job.resolve(results[i] as Written);
        });
      } catch (error) {
        cache.delete(lane.name);
        for (const job of jobs) job.reject(error);
      }
    } while (lane.waiting.length > 0);
  }

  async function write(name: ImageName, steps: readonly Step[]): Promise<Written[]> {
    const prepared: Prepared = { wakeAt: undefined, listed: new Set(), tags: new Set(), firstTags: new Set() };
    for (let attempt = 1; attempt <= mostAttempts; attempt++) {
      const isNew = attempt === 1 && isNewHere(name, steps);
      const stored = isNew ? undefined : await known(name);
      const draft = fold(stored, name, steps);
      if (draft.record === undefined || draft.record === stored?.record) {
        if (stored !== undefined) cache.set(stored);
        return draft.results;
      }
      const record = await prepare(stored?.record, draft.record, draft.circumstances, prepared);
      const committed = await store.commit({ record, basedOn: stored?.version });
      if (isNew || (stored !== undefined && cache.get(name) === stored)) copies.note(committed !== 'conflict');
      if (committed !== 'conflict') {
        cache.set({ record, version: committed.version });
        tidy(stored?.record, record, draft.circumstances);
        parts.onWritten(record, draft.made, stored?.record);
        return draft.results.map((result) => ({ ...result, record }));
      }
      cache.delete(name);
      // What was so when it was noted may not be so any more.
      prepared.firstTags.clear();
      // Whoever was overtaken twice meets a crowd: step back for a random while.
      if (attempt > 1) await clock.sleep(parts.random() * Math.min(longestPauseMs, 4 * 2 ** attempt));
    }
    throw new WorldError('contended', `${imageKey(name)}: overtaken by other writers ${mostAttempts} times`);
  }

  /** Who alone takes the webhooks of an image would know it: then the first push heard of is the first. */
  function isNewHere(name: ImageName, steps: readonly Step[]): boolean {
    const isPushed = steps.every((step) => step.kind === 'fact' && step.fact.kind === 'push');
    return isPushed && copies.areCurrent() && cache.get(name) === undefined;
  }

  /** A copy from the cache where it may be relied on, else what the storage says now. */
  async function known(name: ImageName): Promise<StoredImage | undefined> {
    const copy = cache.get(name);
    if (copy !== undefined && (copies.areCurrent() || clock.now() < copy.record.changedAt + freshMs)) return copy;
    const stored = await store.read(name);
    if (copy !== undefined) copies.note(copy.version === stored?.version);
    return stored;
  }

  function fold(stored: StoredImage | undefined, name: ImageName, steps: readonly Step[]) {
    const registry = parts.registry(name);
    const circumstances = parts.circumstances(registry);
    const made: string[] = [];
    const results: Written[] = [];
    let record = stored?.record;
    for (const step of steps) {
      const decision = decide(record, name, step, circumstances);
      record = decision.record;
      results.push({ record, outcome: decision.outcome });
      made.push(...decision.announcements.map(announcementKey));
    }
    return { record, results, made, circumstances };
  }

  /** Everything by which the image will be found again, before the record says there is something to find. */
  async function prepare(
    before: ImageRecord | undefined,
    after: ImageRecord,
    circumstances: Circumstances,
    prepared: Prepared,
  ): Promise<ImageRecord> {
    const work: Promise<void>[] = [];
    const list = (lists: readonly IndexList[]) => {
      const fresh = lists.filter((one) => !prepared.listed.has(`${one} ${after.firstSeenAt}`));
      for (const one of fresh) prepared.listed.add(`${one} ${after.firstSeenAt}`);
      if (fresh.length > 0) work.push(parts.index.add(entryOf(after), fresh));
    };
    if (before?.firstSeenAt !== after.firstSeenAt) list(['all']);
    if (imageState(after, circumstances.set) === 'deleted') list(['deleted']);
    if (after.delayedAt !== null && before?.delayedAt !== after.delayedAt) list(['delayed']);
    for (const [tag, pushedAt] of newTags(before, after)) {
      if (prepared.tags.has(tag)) continue;
      prepared.tags.add(tag);
      const { registry, repository, digest } = after.name;
      const noted = parts.tags.note({ registry, repository, tag }, digest, pushedAt).then((outcome) => {
        if (outcome === 'first') prepared.firstTags.add(tag);
      });
      work.push(noted);
    }
    const record = { ...after, wakeAt: ring(after, circumstances, prepared, work) };
    await Promise.all(work);
    if (prepared.firstTags.size === 0) return record;
    // No digest had these before: there is none to be told. Later ones look for this one.
    return { ...record, uncheckedTags: record.uncheckedTags.filter((tag) => !prepared.firstTags.has(tag)) };
  }

  /** Sets the durable timer unless one is known to ring soon enough. */
  function ring(
    record: ImageRecord,
    circumstances: Circumstances,
    prepared: Prepared,
    work: Promise<void>[],
  ): number | null {
    const due = nextWakeAt(record, circumstances);
    const set = prepared.wakeAt ?? record.wakeAt;
    const isSet = set !== null && set > circumstances.now && due !== null && set <= due + timerSlackMs;
    if (due === null || isSet) return set;
    prepared.wakeAt = due;
    work.push(parts.timer.wake(record.name, due));
    return due;
  }

  /** Takes the image off the lists it has left. Only tidiness: readers check every entry against its record. */
  function tidy(before: ImageRecord | undefined, after: ImageRecord, { set, now }: Circumstances): void {
    const state = imageState(after, set);
    const was = imageState(before, set);
    if (state === was && before?.firstSeenAt === after.firstSeenAt) return;
    const gone: IndexList[] = [];
    const isOver = state === 'available' || state === 'deleted';
    if (isOver && mayBeListed(after.firstSeenAt, now)) gone.push('replicating');
    if (isOver && after.delayedAt !== null) gone.push('delayed');
    if (gone.length > 0) parts.index.remove(entryOf(after), gone).catch(() => undefined);
    if (before !== undefined && before.firstSeenAt !== after.firstSeenAt) {
      parts.index.remove(entryOf(before), ['all', 'replicating', 'delayed', 'deleted']).catch(() => undefined);
    }
  }

  return {
    async read(name) {
      const stored = await store.read(name);
      if (stored === undefined) cache.delete(name);
      else if (!lanes.has(imageKey(name))) cache.set(stored);
      if (stored === undefined) return undefined;
      return withoutVoid(stored.record, parts.circumstances(parts.registry(name)).set);
    },
    submit(name, step) {
      const known = cache.get(name);
      if (known !== undefined) {
        const { record, results } = fold(known, name, [step]);
        const [result] = results;
        if (record === known.record && result !== undefined) return Promise.resolve(result);
      }
      return new Promise((resolve, reject) => {
        const lane = laneOf(name);
        lane.waiting.push({ step, resolve, reject });
        start(lane);
      });
    },
    submitWithin(name, step, milliseconds) {
      return new Promise((resolve, reject) => {
        const lane = laneOf(name);
        lane.patient.push({ step, resolve, reject });
        const until = clock.now() + milliseconds;
        if (until >= lane.patientUntil) return;
        lane.patientUntil = until;
        clock.sleep(milliseconds).then(() => {
          if (lane.patient.length === 0) return;
          // A write that is under way goes on without them; the next one follows at once.
          lane.patientUntil = overdue;
          start(lane);
        });
      });
    },
    async flush() {
      while (lanes.size > 0) await Promise.all([...lanes.values()].map(start));
    },
  };
}

/**
 * Whether copies of images have lately been what the storage has. With one instance they are; with several that take
 * webhooks of the same images they mostly are not, and a write based on an old one is a write for nothing.
 */
function copyExperience() {
  let current = 1;
  return {
    areCurrent: () => current > 0.8,
    note(isCurrent: boolean) {
      current += ((isCurrent ? 1 : 0) - current) / 20;
    },
  };
}

interface Prepared {
  wakeAt: number | undefined;
  readonly listed: Set<string>;
  readonly tags: Set<string>;
  /** Of those, tags that no digest had before. */
  readonly firstTags: Set<string>;
}

function entryOf(record: ImageRecord): IndexEntry {
  return { name: record.name, firstSeenAt: record.firstSeenAt };
}

function newTags(before: ImageRecord | undefined, after: ImageRecord) {
  const known = new Set(
    before === undefined ? [] : arrivalRegions(before).flatMap((r) => Object.keys(arrivalIn(before, r)?.tags ?? {})),
  );
  return arrivalRegions(after).flatMap((region) =>
    Object.entries(arrivalIn(after, region)?.tags ?? {})
      .filter(([tag]) => !known.has(tag))
      .map(([tag, pushedAt]) => [tag as Tag, pushedAt] as const),
  );
}
