/** What a check tells people, each on one line: how it is going, and why it ended as it did. */
import type { AvailabilityDocument } from '../availability.ts';
import type { WaitResult } from '../tracker.ts';
import type { Verdict } from './check.ts';

export function describeProgress(document: AvailabilityDocument): string {
  return `waiting: ${describeWhere(document)}`;
}

export function succeeded(document: AvailabilityDocument): Verdict {
  return { result: 'succeeded', comment: describeWhere(document) };
}

/** @returns `undefined` while it may still succeed */
export function failedBy(outcome: WaitResult['outcome'], document: AvailabilityDocument): Verdict | undefined {
  const { image, tag } = document;
  if (outcome === 'deleted') return failed(`${image} has been deleted from every region that had it`);
  if (outcome === 'superseded') {
    return failed(`the tag ${tag?.name ?? ''} does not point at ${image} any more, in any region asked for`);
  }
  return undefined;
}

export function timedOut(timeoutMs: number, line: string): Verdict {
  return failed(`timed out after ${Math.round(timeoutMs / 1000)} s, ${line}`);
}

/** What cannot be met, however long one waits. */
export function failed(comment: string): Verdict {
  return { result: 'failed', comment };
}

function describeWhere({ image, requirement, missing, regions }: AvailabilityDocument): string {
  const there = requirement.regions.filter((region) => !missing.includes(region));
  const needed = requirement.needed === requirement.regions.length ? '' : ` (${requirement.needed} needed)`;
  const count = `${image} is in ${requirement.have} of ${requirement.regions.length} regions${needed}`;
  const unverified = regions.filter(({ region, state }) => state === 'unverified' && missing.includes(region));
  return [
    there.length === 0 ? count : `${count}: ${there.join(', ')}`,
    ...(missing.length === 0 ? [] : [`missing: ${missing.join(', ')}`]),
    ...(unverified.length === 0
      ? []
      : [`reported, not confirmed: ${unverified.map(({ region }) => region).join(', ')}`]),
  ].join('; ');
}
