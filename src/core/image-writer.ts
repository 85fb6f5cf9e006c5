/**
 * The only way an image's record changes. Steps for one image that meet in this process share one write; writers in
 * other processes are noticed by the record's version, and then the steps are decided again on what they wrote.
 * Without the sharing, ten regions speaking at once would overtake each other over and over.
 */
import type { Acknowledgement } from './acknowledge.ts';
import { acknowledge } from './acknowledge.ts';
import { announce } from './announce.ts';
import { announcementKey } from './announcement.ts';
import type { MergeOutcome } from './arrival.ts';
import type { Circumstances } from './circumstances.ts';
import type { Step } from './decide.ts';
import { decide } from './decide.ts';
import { WorldError } from './errors.ts';
import { experience } from './experience.ts';
import type { ImageName, ImageRecord } from './image.ts';
import { imageKey, withoutVoid } from './image.ts';
import type { ImageCache } from './image-cache.ts';
import type { Clock, ImageStore, StoredImage, Version } from './ports.ts';
import type { Registry } from './registry.ts';
import type { SignpostParts } from './signposts.ts';
import { signposts } from './signposts.ts';

export interface ImageWriterParts extends SignpostParts {
  readonly store: ImageStore;
  readonly cache: ImageCache;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** A text that no other process gives, and this one only once. */
  readonly uniqueId: () => string;
  registry(name: ImageName): Registry;
  circumstances(registry: Registry): Circumstances;
  /** Called after each write, with what it stored, the keys of the announcements it made, and what was there before. */
  onWritten(record: ImageRecord, made: readonly string[], before: ImageRecord | undefined): void;
}

export interface Written {
  /** As stored; `undefined` when nobody has ever spoken of the image, or when something was noted without reading it. */
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

/** What a write starts from. */
interface Basis {
  readonly stored: StoredImage | undefined;
  /** Whether it was read, was known here, or is a guess: that there is nothing. */
  readonly origin: 'read' | 'copy' | 'guess';
}

/** What one attempt at a write would make of the image. */
interface Change {
  readonly record: ImageRecord;
  readonly draft: Draft;
  readonly before: ImageRecord | undefined;
}

interface Draft {
  readonly record: ImageRecord | undefined;
  readonly results: readonly Written[];
  /** The keys of its announcements. */
  readonly made: string[];
  readonly circumstances: Circumstances;
}

/** Marks patient steps whose time came while a write was under way. */
const overdue = Number.NEGATIVE_INFINITY;
const mostAttempts = 40;
const mostStepsPerWrite = 40;
const longestPauseMs = 250;
/** A copy of a record that changed so lately is worth a try, whatever is known of copies. */
const freshMs = 50;

export function imageWriter(parts: ImageWriterParts): ImageWriter {
  const { store, cache, clock } = parts;
  const lanes = new Map<string, Lane>();
  // With one instance, copies in its cache are what the storage has, and an image it does not know is new. With several
  // that take webhooks of the same images neither holds, and a write that relies on it is a write for nothing.
  const copies = experience(1);
  const strangers = experience(0);
  const signs = signposts(parts);

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

  async function write(name: ImageName, steps: readonly Step[]): Promise<readonly Written[]> {
    const laid = signs.begin();
    const isOnlyNoted = steps.every(isAcknowledgement);
    let refused: Change | undefined;
    for (let attempt = 1; attempt <= mostAttempts; attempt++) {
      if (isOnlyNoted && !isKnownHere(name)) return acknowledgeUnread(name, steps);
      const { stored, origin } = await basisFor(name, steps, attempt);
      if (refused !== undefined && stored?.record.writtenAs === refused.record.writtenAs) {
        return written({ ...refused, record: stored.record }, stored.version);
      }
      const draft = fold(stored?.record, name, steps);
      if (draft.record === undefined || draft.record === stored?.record) {
        if (origin === 'copy' && !steps.every(isFact)) {
          cache.delete(name);
          continue;
        }
        if (stored !== undefined) cache.set(stored);
        return draft.results;
      }
      const signposted = await laid.lay(stored?.record, draft.record, draft.circumstances);
      const complete = signposted.tags === draft.record.tags ? signposted : settled(signposted, draft);
      const record = { ...complete, writtenAs: parts.uniqueId() };
      const committed = await store.commit({ record, basedOn: stored?.version });
      if (origin === 'guess') strangers.note(committed !== 'conflict');
      // What is noted follows the write it is about; that nobody wrote in between says little about the next webhook event.
      if (origin === 'copy' && !isOnlyNoted) copies.note(committed !== 'conflict');
      const change = { record, draft, before: stored?.record };
      if (committed !== 'conflict') return written(change, committed.version);
      // It may have been taken all the same: whose answer is lost is sent once more, and then stands in its own way.
      refused = change;
      cache.delete(name);
      laid.overtaken();
      // Whoever was overtaken twice meets a crowd: step back for a random while.
      if (attempt > 1) await clock.sleep(parts.random() * Math.min(longestPauseMs, 4 * 2 ** attempt));
    }
    throw new WorldError('contended', `${imageKey(name)}: overtaken by other writers ${mostAttempts} times`);
  }

  function written({ record, draft, before }: Change, version: Version): Written[] {
    cache.set({ record, version });
    signs.tidy(before, record, draft.circumstances);
    parts.onWritten(record, draft.made, before);
    return draft.results.map((result) => ({ ...result, record }));
  }

  async function basisFor(name: ImageName, steps: readonly Step[], attempt: number): Promise<Basis> {
    if (attempt === 1 && isNewHere(name, steps)) return { stored: undefined, origin: 'guess' };
    const copy = copyFor(name, steps);
    return copy === undefined ? { stored: await read(name), origin: 'read' } : { stored: copy, origin: 'copy' };
  }

  /** A push of an image that is not known here may be taken for the first word about it. */
  function isNewHere(name: ImageName, steps: readonly Step[]): boolean {
    const isPushed = steps.every((step) => step.kind === 'fact' && step.fact.kind === 'push');
    return isPushed && strangers.isGood() && cache.get(name) === undefined;
  }

  /** What is only noted needs no reading, and is in nobody's way. */
  async function acknowledgeUnread(name: ImageName, taken: readonly Acknowledgement[]): Promise<Written[]> {
    await store.acknowledge(name, taken, clock.now());
    const copy = cache.get(name);
    if (copy !== undefined) cache.set({ record: taken.reduce(acknowledge, copy.record), version: undefined });
    return taken.map(() => ({ record: undefined, outcome: undefined }));
  }

  /** Then what is noted goes into the record as well, in one write, and the copy stays as good as it was. */
  function isKnownHere(name: ImageName): boolean {
    return copies.isGood() && cache.get(name)?.version !== undefined;
  }

  /** What the cache has, where it may be relied on. A review is there to see what others have done. */
  function copyFor(name: ImageName, steps: readonly Step[]): StoredImage | undefined {
    const { record, version } = cache.get(name) ?? {};
    if (record === undefined || version === undefined || steps.some(({ kind }) => kind === 'review')) return undefined;
    return copies.isGood() || clock.now() < record.changedAt + freshMs ? { record, version } : undefined;
  }

  async function read(name: ImageName): Promise<StoredImage | undefined> {
    const copy = cache.get(name);
    const stored = await store.read(name);
    if (copy === undefined) strangers.note(stored === undefined);
    else if (copy.version !== undefined) copies.note(copy.version === stored?.version);
    return stored;
  }

  function fold(stored: ImageRecord | undefined, name: ImageName, steps: readonly Step[]): Draft {
    const registry = parts.registry(name);
    const circumstances = parts.circumstances(registry);
    const made: string[] = [];
    const results: Written[] = [];
    let record = stored;
    for (const step of steps) {
      const decision = decide(record, name, step, circumstances);
      record = decision.record;
      results.push({ record, outcome: decision.outcome });
      made.push(...decision.announcements.map(announcementKey));
    }
    return { record, results, made, circumstances };
  }

  /** What has just turned out to be the only digest of its tag may have converged with it. */
  function settled(signposted: ImageRecord, { made, circumstances }: Draft): ImageRecord {
    const { record, announcements } = announce(signposted, circumstances);
    made.push(...announcements.map(announcementKey));
    return record;
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
      const copy = isFact(step) ? cache.get(name) : undefined;
      if (copy !== undefined) {
        const { record, results } = fold(copy.record, name, [step]);
        const [result] = results;
        if (record === copy.record && result !== undefined) return Promise.resolve(result);
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

/** The storage may know more than a copy, not less: a fact that the copy knows is known, and of nothing else it is sure. */
function isFact({ kind }: Step): boolean {
  return kind === 'fact';
}

function isAcknowledgement(step: Step): step is Step & { kind: 'acknowledge' } {
  return step.kind === 'acknowledge';
}
