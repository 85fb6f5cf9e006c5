/**
 * The only code that changes an image's record. Commands for one image that are waiting in this process share one write. If
 * another process has written meanwhile, which the record's version shows, the commands are decided again on its record.
 */

import type { AcceptedEvents } from '../image/accepted-events.ts';
import { noteAccepted } from '../image/accepted-events.ts';
import { announcementKey } from '../image/announcement-key.ts';
import type { DecisionContext } from '../image/context.ts';
import type { Command } from '../image/decide.ts';
import { decide } from '../image/decide.ts';
import { changesForIndexes } from '../image/family-commands.ts';
import { withFirstTags } from '../image/first-tags.ts';
import type { MergeOutcome } from '../image/merge-fact.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { imageKey, isMember, unexpired } from '../image/record.ts';
import { dropStaleFacts } from '../image/state.ts';
import type { Registry } from '../model/registry.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, UpstreamError } from '../runtime/errors.ts';
import { keyQueue } from '../runtime/key-queue.ts';
import type { Log } from '../runtime/log.ts';
import type { Version } from '../runtime/version.ts';
import type { ImageCache } from './image-cache.ts';
import type { ImageLookupsDeps } from './image-lookups.ts';
import { imageLookups } from './image-lookups.ts';
import type { ImageStore } from './ports.ts';
import { writeBasis } from './write-basis.ts';

interface ImageWriterDeps extends ImageLookupsDeps {
  readonly store: ImageStore;
  readonly cache: ImageCache;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Returns a text that is unique over all processes and calls. */
  readonly uniqueId: () => string;
  registryOf(name: ImageName): Registry;
  decisionContext(registry: Registry): DecisionContext;
}

/** One stored write. */
interface Commit {
  readonly record: ImageRecord;
  /** The record before; `undefined` for the first record. */
  readonly before: ImageRecord | undefined;
  /** Keys of the announcements that it made. */
  readonly made: readonly string[];
  /** When the write was sent, milliseconds since 1970. Its answer may have come much later. */
  readonly begunAt: number;
}

export interface Written {
  /** As stored; `undefined` if there is no record, or if it was not read, as for accepted events noted beside it. */
  readonly record: ImageRecord | undefined;
  /** For facts. */
  readonly outcome: MergeOutcome | undefined;
}

export interface ImageWriter {
  /** Reads the image from the storage, past the cache; `undefined` if there is no record, or if it has expired. */
  read(name: ImageName): Promise<ImageRecord | undefined>;
  /** The same, also if it has expired. */
  readStored(name: ImageName): Promise<ImageRecord | undefined>;
  /** Fails with an `UpstreamError`; the command may have been stored all the same, and may safely be submitted again. */
  submit(name: ImageName, command: Command): Promise<Written>;
  /** Stores the command with the next write of the image, or by itself after that time at the latest. */
  submitWithin(name: ImageName, command: Command, milliseconds: number): Promise<Written>;
  /** Writes all deferred commands; to be called before the process ends. */
  flush(): Promise<void>;
  /** Calls the listener after each write, in the order in which listeners were added. An error of a listener is only logged. */
  onCommit(listener: (commit: Commit) => void): void;
}

/** One attempt to write. */
interface Attempt {
  readonly record: ImageRecord;
  readonly proposal: Proposal;
  readonly before: ImageRecord | undefined;
  /** When it was sent, milliseconds since 1970. */
  readonly begunAt: number;
}

interface Proposal {
  readonly record: ImageRecord | undefined;
  readonly results: readonly Written[];
  /** Keys of the announcements that it makes. */
  readonly made: readonly string[];
  readonly context: DecisionContext;
}

const maxAttempts = 40;
const maxCommandsPerWrite = 40;
const maxPauseMs = 250;

export function imageWriter(deps: ImageWriterDeps): ImageWriter {
  const { store, cache, clock } = deps;
  const listeners: ((commit: Commit) => void)[] = [];
  const basis = writeBasis(deps);
  const lookups = imageLookups(deps);
  const queue = keyQueue<ImageName, Command, Written>({
    clock,
    maxJobs: maxCommandsPerWrite,
    nameOf: imageKey,
    async run(name, commands) {
      try {
        return await write(name, commands);
      } catch (error) {
        cache.delete(name);
        throw error;
      }
    },
  });

  async function write(name: ImageName, commands: readonly Command[]): Promise<readonly Written[]> {
    const entries = lookups.begin();
    const hasOnlyAcceptedEvents = commands.every(isEventsAccepted);
    let refused: Attempt | undefined;
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      if (hasOnlyAcceptedEvents && !basis.isKnownHere(name)) return noteAcceptedUnread(name, commands);
      const { stored, origin } = await basis.of(name, commands, attempt);
      if (refused !== undefined && stored?.record.writtenAs === refused.record.writtenAs) {
        return committed({ ...refused, record: stored.record }, stored.version);
      }
      const proposal = applyAll(stored?.record, name, commands);
      if (proposal.record === undefined || proposal.record === stored?.record) {
        if (origin === 'copy' && !commands.every(isFact)) {
          cache.delete(name);
          continue;
        }
        if (stored !== undefined) cache.set(stored);
        return proposal.results;
      }
      await reportToIndexes(stored?.record, proposal.record);
      const { context } = proposal;
      const { requeueAt, firstTags } = await entries.writeAhead(stored?.record, proposal.record, context);
      const decision = withFirstTags({ ...proposal.record, requeueAt }, firstTags, context);
      const record = { ...decision.record, writtenAs: deps.uniqueId() };
      const begunAt = clock.now();
      const outcome = await store.commit({ record, basedOn: stored?.version });
      basis.note(origin, outcome !== 'conflict', hasOnlyAcceptedEvents);
      const made = [...proposal.made, ...decision.announcements.map(announcementKey)];
      const tried = { record, proposal: { ...proposal, made }, before: stored?.record, begunAt };
      if (outcome !== 'conflict') return committed(tried, outcome.version);
      // It may be stored all the same: if the answer was lost, the storage SDK repeats the request, which then conflicts with itself.
      refused = tried;
      cache.delete(name);
      entries.conflict();
      // After a second conflict there are many writers: pause for a random time.
      if (attempt > 1) await clock.sleep(deps.random() * backoff(attempt, { firstMs: 8, maxMs: maxPauseMs }));
    }
    throw new UpstreamError('conflict', `${imageKey(name)}: other writers were first ${maxAttempts} times`);
  }

  /**
   * Reports a member's changes to its indexes before the member's own record is written, so that no index is behind an
   * acknowledged report.
   */
  async function reportToIndexes(before: ImageRecord | undefined, after: ImageRecord): Promise<void> {
    if (!isMember(after)) return;
    const { name, bytes } = after;
    const { registry, repository, digest } = name;
    const arrivals = changesForIndexes(before, after);
    if (Object.keys(arrivals).length === 0) return;
    const command = { kind: 'memberReported', member: digest, arrivals, bytes } as const;
    await Promise.all((after.memberOf ?? []).map((index) => submit({ registry, repository, digest: index }, command)));
  }

  function committed({ record, proposal, before, begunAt }: Attempt, version: Version): Written[] {
    cache.set({ record, version });
    lookups.prune(before, record, proposal.context);
    const commit = { record, before, made: proposal.made, begunAt };
    for (const listener of listeners) callListener(listener, commit);
    return proposal.results.map((result) => ({ ...result, record: unexpired(record) }));
  }

  /**
   * Errors are only logged: the write is stored, and due work, on whatever instance, does what the listener failed to do. Only
   * measurements are lost.
   */
  function callListener(listener: (commit: Commit) => void, commit: Commit): void {
    try {
      listener(commit);
    } catch (error) {
      const image = imageKey(commit.record.name);
      deps.log.warn('what follows from a write failed, will retry', { image, error: describeError(error) });
    }
  }

  /** Notes accepted events beside the record: without reading it, and without conflicts. */
  async function noteAcceptedUnread(name: ImageName, accepted: readonly AcceptedEvents[]): Promise<Written[]> {
    await store.noteAccepted(name, accepted, clock.now());
    const copy = cache.get(name);
    if (copy !== undefined) cache.set({ record: accepted.reduce(noteAccepted, copy.record), version: undefined });
    return accepted.map(() => ({ record: undefined, outcome: undefined }));
  }

  function applyAll(stored: ImageRecord | undefined, name: ImageName, commands: readonly Command[]): Proposal {
    const context = deps.decisionContext(deps.registryOf(name));
    const made: string[] = [];
    const results: Written[] = [];
    let record = stored;
    for (const command of commands) {
      const decision = decide(record, name, command, context);
      record = decision.record;
      results.push({ record: unexpired(record), outcome: decision.outcome });
      made.push(...decision.announcements.map(announcementKey));
    }
    return { record, results, made, context };
  }

  function submit(name: ImageName, command: Command): Promise<Written> {
    const copy = isFact(command) ? cache.get(name) : undefined;
    if (copy !== undefined) {
      const { record, results } = applyAll(copy.record, name, [command]);
      const [result] = results;
      if (record === copy.record && result !== undefined) return Promise.resolve(result);
    }
    return queue.add(name, command);
  }

  async function readStored(name: ImageName): Promise<ImageRecord | undefined> {
    const stored = await store.read(name);
    if (stored === undefined) cache.delete(name);
    else if (!queue.has(name)) cache.set(stored);
    return stored && dropStaleFacts(stored.record, deps.decisionContext(deps.registryOf(name)).set);
  }

  return {
    read: async (name) => unexpired(await readStored(name)),
    readStored,
    submit,
    submitWithin: queue.addDeferred,
    flush: queue.flush,
    onCommit(listener) {
      listeners.push(listener);
    },
  };
}

/**
 * Only facts can be answered from a copy. A fact in an old copy is stored; anything else in it may have changed.
 */
function isFact({ kind }: Command): boolean {
  return kind === 'fact';
}

function isEventsAccepted(command: Command): command is Command & { kind: 'eventsAccepted' } {
  return command.kind === 'eventsAccepted';
}
