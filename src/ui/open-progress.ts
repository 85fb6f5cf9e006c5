/**
 * The progress of open releases. Each costs a read of all its images, so only the newest are requested, and not at
 * every poll.
 */
import type { ListedRelease, ReleaseDocument } from '../core/releases/release-document.ts';
import type { ReleaseProgress } from './release-words.ts';
import { progressOf } from './release-words.ts';
import type { Ask } from './screen.ts';
import { Unanswered } from './tracker.ts';

const maxOpen = 10;
const progressEvery = 5;

export interface OpenProgress {
  /** `undefined` where it is not known. */
  of(release: ListedRelease): ReleaseProgress | undefined;
  /**
   * Requests the progress when it is due, or when there is a new release. Fails with an `Unanswered`.
   * @param open newest first
   * @returns whether it sent requests
   */
  refresh(open: readonly ListedRelease[], ask: Ask): Promise<boolean>;
  forget(): void;
}

export function openProgress(): OpenProgress {
  /** By name and revision; `undefined` after a failed request, which is not repeated before the next is due. */
  let progress = new Map<string, ReleaseProgress | undefined>();
  let round = 0;

  return {
    of: (release) => progress.get(keyOf(release)),
    async refresh(open, ask) {
      const asked = open.slice(0, maxOpen);
      const isDue = round++ % progressEvery === 0 || asked.some((release) => !progress.has(keyOf(release)));
      if (!isDue) return false;
      progress = new Map(
        await Promise.all(asked.map(async (release) => [keyOf(release), await askProgress(release, ask)] as const)),
      );
      return true;
    },
    forget() {
      progress = new Map();
      round = 0;
    },
  };
}

function keyOf({ name, revision, createdAt }: ListedRelease): string {
  return `${name} ${revision} ${createdAt}`;
}

/** `undefined` for a release that was deleted meanwhile, or whose registry is no longer tracked. */
async function askProgress({ name }: ListedRelease, ask: Ask): Promise<ReleaseProgress | undefined> {
  try {
    return progressOf(await ask<ReleaseDocument>(`releases/${encodeURIComponent(name)}`, {}));
  } catch (failure) {
    if (failure instanceof Unanswered && failure.refusal === 'question') return undefined;
    throw failure;
  }
}
