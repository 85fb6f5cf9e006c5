/**
 * What the page of an image requests less often than its document: the usual lag in its registry, what is attached to it, and
 * images with a name like that of an unknown one. Without an answer, the image is shown without it.
 */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { ReplicaReport } from '../core/query/replica-report.ts';
import { artifactBoxes } from './family.ts';
import type { UsualLag } from './headline.ts';
import { orNone } from './registry-counts.ts';
import type { Ask } from './screen.ts';

/** The tracker asks the registry for it. */
const attachedEveryMs = 60_000;
const maxSimilar = 5;
/** Letters of a name that names with a typing error have in common. */
const nameStart = 4;

export function createExtras(now: () => number) {
  let usual: UsualLag = new Map();
  let usualOf = '';
  let attached: AvailabilityDocument | undefined;
  let attachedAt = Number.NEGATIVE_INFINITY;

  return {
    /** For the sentence at the top. */
    known: () => ({ usual, attached }),
    /** Forgets what is known of one image. */
    begin(): void {
      attached = undefined;
      attachedAt = Number.NEGATIVE_INFINITY;
    },
    /** @returns whether the lags of this registry were requested */
    async loadUsualLag({ missing, state, registry }: AvailabilityDocument, ask: Ask): Promise<boolean> {
      if (missing.length === 0 || state !== 'replicating' || usualOf === registry) return false;
      usualOf = registry;
      const report = await orNone(ask<ReplicaReport>('replicas', { registry })).catch((failure: unknown) => {
        usualOf = '';
        throw failure;
      });
      const lags = (report?.regions ?? []).flatMap(({ region, lag }): [string, number][] =>
        lag.p95Seconds === null ? [] : [[region, lag.p95Seconds]],
      );
      usual = new Map(lags);
      return true;
    },
    /** What is attached to the image and not part of the question. @returns whether it was requested */
    async loadAttached({ state, image }: AvailabilityDocument, ask: Ask): Promise<boolean> {
      if ((state !== 'available' && state !== 'replicating') || now() - attachedAt < attachedEveryMs) return false;
      attachedAt = now();
      attached = await orNone(ask<AvailabilityDocument>('availability', { image, artifacts: artifactBoxes.join() }));
      return true;
    },
  };
}

/** Images whose names are like that of an unknown one. */
export async function readSimilar(
  { registry, repository }: AvailabilityDocument,
  ask: Ask,
): Promise<readonly AvailabilityDocument[]> {
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  for (const q of new Set([repository, name, name.slice(0, nameStart)])) {
    if (q.length < nameStart) continue;
    const limit = String(maxSimilar);
    const answer = await orNone(ask<{ images: readonly AvailabilityDocument[] }>('images', { registry, q, limit }));
    if (answer !== undefined && answer.images.length > 0) return answer.images;
  }
  return [];
}
