/** While nobody has told which replicas must have an image, nothing can be said about what is required. */
import { UpstreamError } from '../runtime/errors.ts';
import type { Registry } from './registry.ts';
import type { ReplicaSet } from './replica-set.ts';

/** Whoever is told so asks again after this. */
export const askAgainMs = 10_000;

/** Its message is for those who ask: it says nothing of what is stored, nor of what was sent. */
export class ReplicasUnknownError extends UpstreamError {
  constructor({ loginServer }: Registry, { refreshedAt }: ReplicaSet) {
    super(
      'unavailable',
      refreshedAt === 0
        ? `The replicas of ${loginServer} are not known yet: ARM has not answered since the first start.`
        : `All replicas of ${loginServer} that are known are only observed. Correct observedOnly in REGISTRIES.`,
      { retryAfterMs: askAgainMs },
    );
  }
}
