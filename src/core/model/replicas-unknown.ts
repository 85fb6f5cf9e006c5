/** The error for requests whose requirement cannot be evaluated, since the registry's replicas are not known. */
import { UpstreamError } from '../runtime/errors.ts';
import type { Registry } from './registry.ts';
import type { ReplicaSet } from './replica-set.ts';

/** Suggested pause before the client tries again. */
export const askAgainMs = 10_000;

/** The message is shown to clients, so it contains nothing about stored or received data. */
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
