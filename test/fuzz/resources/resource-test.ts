/** The parameters and the result of a test that holds connections. */
import type { Subject } from '../subject.ts';

export type Scale = 'some' | 'full';

export interface ResourceResult {
  readonly name: string;
  /** What was measured, as text. */
  readonly figures: string;
  readonly found: readonly string[];
}

export type ResourceTest = (subject: Subject, scale: Scale) => Promise<ResourceResult>;
