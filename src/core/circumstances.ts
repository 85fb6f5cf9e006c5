/** What a decision about an image depends on besides its record: the replica set, the rules, the time. */
import type { ForwardTarget } from './forwarding/forward.ts';
import type { ReplicaSet } from './replica-set.ts';

export interface Policy {
  readonly delayedAfterMs: number;
  /** `undefined` where replicas cannot be asked. */
  readonly probeAfterMs: number | undefined;
  /** How soon another instance looks after announcements that were made and not acknowledged. */
  readonly outboxCheckMs: number;
}

export interface Circumstances {
  readonly set: ReplicaSet;
  readonly policy: Policy;
  readonly now: number;
  /** Who gets the webhooks of this registry once their images are where they must be. */
  readonly targets?: readonly ForwardTarget[];
}
