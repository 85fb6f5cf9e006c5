/**
 * What a write starts from. With one instance, copies in its cache are what the storage has, and an image it does not know
 * is new. With several that take webhooks of the same images neither holds, and a write that relies on it is a write for
 * nothing. So it is counted how often either was right.
 */
import type { Command } from '../image/decide.ts';
import type { ImageName } from '../image/record.ts';
import type { Clock } from '../runtime/clock.ts';
import { hitRate } from '../runtime/hit-rate.ts';
import type { ImageCache } from './image-cache.ts';
import type { ImageStore, StoredImage } from './ports.ts';

interface Basis {
  readonly stored: StoredImage | undefined;
  /** Whether it was read, was known here, or is a guess: that there is nothing. */
  readonly origin: 'read' | 'copy' | 'guess';
}

interface WriteBasis {
  /** @param attempt from 1 on: what has failed once is read. Fails with an `UpstreamError` */
  of(name: ImageName, commands: readonly Command[], attempt: number): Promise<Basis>;
  /** Whether a copy is here that may be relied on, with its version. */
  isKnownHere(name: ImageName): boolean;
  /** What became of a write that started from it. @param isOnlyNoted that nobody wrote in between says little then */
  note(origin: Basis['origin'], isCommitted: boolean, isOnlyNoted: boolean): void;
}

/** A copy of a record that changed so lately is worth a try, whatever is known of copies. */
const freshMs = 50;

export function writeBasis(deps: {
  readonly store: ImageStore;
  readonly cache: ImageCache;
  readonly clock: Clock;
}): WriteBasis {
  const { store, cache, clock } = deps;
  const cacheHits = hitRate(1);
  const absenceGuesses = hitRate(0);

  /** A push of an image that is not known here may be taken for the first report about it. */
  function isNewHere(name: ImageName, commands: readonly Command[]): boolean {
    const isPushed = commands.every((command) => command.kind === 'fact' && command.fact.kind === 'push');
    return isPushed && absenceGuesses.isGood() && cache.get(name) === undefined;
  }

  /** A review is there to see what others have done. */
  function copyFor(name: ImageName, commands: readonly Command[]): StoredImage | undefined {
    const { record, version } = cache.get(name) ?? {};
    if (record === undefined || version === undefined || commands.some(({ kind }) => kind === 'review'))
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
    note(origin, isCommitted, isOnlyNoted) {
      if (origin === 'guess') absenceGuesses.note(isCommitted);
      if (origin === 'copy' && !isOnlyNoted) cacheHits.note(isCommitted);
    },
  };
}
