/** What each test of abuse is given, and what it has to say. */
import type { Subject } from '../subject.ts';

export type Scale = 'some' | 'full';

export interface ResourceResult {
  readonly name: string;
  /** What was measured, in words. */
  readonly figures: string;
  readonly found: readonly string[];
}

export type ResourceTest = (subject: Subject, scale: Scale) => Promise<ResourceResult>;
