/** One call of ARM: of which registry, and what to say when it fails. */

import type { Registry } from '../../core/model/registry.ts';
export interface ArmCall {
  readonly registry: Registry;
  /** For people: what was asked of ARM. */
  readonly what: string;
  /** What to do when ARM refuses. */
  readonly role: string;
  /** Longer than usual, for operations that ARM carries on in the background. */
  readonly timeoutMs?: number;
}
