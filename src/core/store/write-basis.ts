/**
 * Chooses the record that a write is based on. With one instance, cached copies equal the stored records, and an image that is not
 * cached is new. With several instances that receive webhooks for the same images, neither holds, and a write based on it is
 * wasted. So the success of both guesses is measured.
 */
import type { Command } from '../image/decide.ts';
import type { ImageName } from '../image/record.ts';
import type { Clock } from '../runtime/clock.ts';
import { hitRate } from '../runtime/hit-rate.ts';
import type { ImageCache } from './image-cache.ts';
import type { ImageStore, StoredImage } from './ports.ts';

interface Basis {
  readonly stored: StoredImage | undefined;
  /** `copy`: from the cache. `guess`: it was assumed that there is no record. */
  readonly origin: 'read' | 'copy' | 'guess';
}

interface WriteBasis {
  /**
   * Fails with an `UpstreamError`.
   * @param attempt from 1 on; the guess is made only in the first
   */
  of(name: ImageName, commands: readonly Command[], attempt: number): Promise<Basis>;
  /** Whether the cache has a copy with a version, and copies are reliable at the moment. */
  isKnownHere(name: ImageName): boolean;
  /**
   * Records the result of a write, to measure the guesses.
   * @param hasOnlyAcceptedEvents whether the write only noted accepted events; such a write shows nothing about other writers
   */
  note(origin: Basis['origin'], isCommitted: boolean, hasOnlyAcceptedEvents: boolean): void;
}

/** A copy that changed this recently is used even if copies are unreliable. */
const freshMs = 50;

export function writeBasis(deps: {
  readonly store: ImageStore;
  readonly cache: ImageCache;
  readonly clock: Clock;
}): WriteBasis {
  const { store, cache, clock } = deps;
  const cacheHits = hitRate(1);
  const absenceGuesses = hitRate(0);

  /** Whether to assume that these pushes are the first facts about an image that is not cached. */
  function isNewHere(name: ImageName, commands: readonly Command[]): boolean {
    const isPushed = commands.every((command) => command.kind === 'fact' && command.fact.kind === 'push');
    return isPushed && absenceGuesses.isGood() && cache.get(name) === undefined;
  }

  /** No copy for a reevaluation, whose purpose is to see what other instances have written. */
  function copyFor(name: ImageName, commands: readonly Command[]): StoredImage | undefined {
    const { record, version } = cache.get(name) ?? {};
    if (record === undefined || version === undefined || commands.some(({ kind }) => kind === 'reevaluate'))
      return undefined;
    return cacheHits.isGood() || clock.now() < record.changedAt + freshMs ? { record, version } : undefined;
  }

  async function read(name: ImageName): Promise<StoredImage | undefined> {
    const copy = cache.get(name);
    const stored = await store.read(name);
    if (copy === undefined) absenceGuesses.note(stored === undefined);
    else if (copy.version !== undefined) cacheHits.note(copy.version === stored?.version);
    return stored;
  }

  return {
    async of(name, commands, attempt) {
      if (attempt === 1 && isNewHere(name, commands)) return { stored: undefined, origin: 'guess' };
      const copy = copyFor(name, commands);
      return copy === undefined ? { stored: await read(name), origin: 'read' } : { stored: copy, origin: 'copy' };
    },
    isKnownHere: (name) => cacheHits.isGood() && cache.get(name)?.version !== undefined,
    note(origin, isCommitted, hasOnlyAcceptedEvents) {
      if (origin === 'guess') absenceGuesses.note(isCommitted);
      if (origin === 'copy' && !hasOnlyAcceptedEvents) cacheHits.note(isCommitted);
    },
  };
}
