/** One call to ARM: the registry it concerns, and what the error message says when it fails. */

import type { Registry } from '../../core/model/registry.ts';
export interface ArmCall {
  readonly registry: Registry;
  /** For the error message: what was requested from ARM. */
  readonly what: string;
  /** For the error message: the role to assign when ARM answers 403. */
  readonly role: string;
  /** For operations that ARM finishes in the background: longer than the default. */
  readonly timeoutMs?: number;
}
