/** What a decision about an image depends on besides its record: the replica set, the rules, the time. */

import type { ReplicaSet } from '../model/replica-set.ts';
import type { ForwardTarget } from './forward-entry.ts';

export interface Policy {
  readonly delayedAfterMs: number;
  /** `undefined` where replicas cannot be asked. */
  readonly probeAfterMs: number | undefined;
  /** How soon after a write another instance publishes what the writer may have left unpublished. */
  readonly outboxCheckMs: number;
}

/** Whether manifests of a registry can be read. `interrupted`: they could be read within the last hour, and cannot now. */
export type Reading = 'readable' | 'interrupted' | 'unknown' | 'unreachable';

export interface DecisionContext {
  readonly set: ReplicaSet;
  readonly policy: Policy;
  readonly now: number;
  /** As far as this process knows; `undefined` if the settings say that manifests are not read. */
  readonly reading?: Reading | undefined;
  /** Receivers of the registry's webhooks, once their images are where they must be. */
  readonly targets?: readonly ForwardTarget[];
}
