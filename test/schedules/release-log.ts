/** Requests about releases, their results, and which events the topic accepted. It does not read their records. */
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import type { ReleaseContent } from '../../src/core/releases/release.ts';
import type { ReleaseEventData } from '../../src/core/releases/release-document.ts';

export type ReleaseEvent = CloudEvent<ReleaseEventData>;

/** One call that changes a release, or may have: until it is answered, and for a while after it has failed. */
export interface ReleaseCall {
  readonly name: string;
  /** `undefined`: it is to be deleted. */
  readonly content: ReleaseContent | undefined;
  readonly askedAt: number;
  answeredAt: number | undefined;
  /** Its result; `undefined` while it is not answered, and if it failed. */
  outcome: 'created' | 'revised' | 'unchanged' | 'removed' | undefined;
  revision: { readonly createdAt: number; readonly revision: number } | undefined;
}

export interface ReleaseLog {
  readonly calls: ReleaseCall[];
  readonly published: ReleaseEvent[];
}

export function releaseLog(): ReleaseLog {
  return { calls: [], published: [] };
}

/** Longer than a call of the storage may take effect after its caller got an error. */
const lateMs = 15_000;

/**
 * Whether these calls were over before the other began. A call without success no longer changes anything once another
 * has written; but it may still create what was deleted since.
 */
export function areOver(calls: readonly ReleaseCall[], before: ReleaseCall): boolean {
  const isDeleted = [...calls, before].some(({ content }) => content === undefined);
  const isOver = ({ answeredAt, outcome }: ReleaseCall) =>
    answeredAt !== undefined && answeredAt + (outcome === undefined || isDeleted ? lateMs : 0) < before.askedAt;
  return calls.every(isOver);
}

/** In any order, each once. */
export function isSameContent(one: ReleaseContent, other: ReleaseContent): boolean {
  const written = ({ images, require, artifacts = [], platforms = [] }: ReleaseContent) =>
    JSON.stringify([require, images.toSorted(), artifacts.toSorted(), platforms.toSorted()]);
  return written(one) === written(other);
}
