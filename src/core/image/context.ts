/** What a decision about an image depends on besides its record: the replica set, the rules, the time. */

import type { ReplicaSet } from '../model/replica-set.ts';
import type { ForwardTarget } from './forward-entry.ts';

export interface Policy {
  readonly delayedAfterMs: number;
  /** `undefined` where replicas cannot be asked. */
  readonly probeAfterMs: number | undefined;
  /** How soon another instance looks after announcements that were made and not acknowledged. */
  readonly outboxCheckMs: number;
}

/** `interrupted`: manifests could be read before, and cannot be just now. */
export type Reading = 'readable' | 'interrupted' | 'unknown' | 'unreachable';

export interface DecisionContext {
  readonly set: ReplicaSet;
  readonly policy: Policy;
  readonly now: number;
  /** Whether manifests of this registry can be read, as far as this process knows; not there where nobody is to read them. */
  readonly reading?: Reading | undefined;
  /** Who gets the webhooks of this registry once their images are where they must be. */
  readonly targets?: readonly ForwardTarget[];
}
