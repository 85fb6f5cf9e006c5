/** The texts of a check for people, one line each: its progress, and why it ended as it did. */

import type { AvailabilityDocument } from '../image/availability.ts';
import type { Waiting } from '../image/wait-words.ts';
import {
  countRegions,
  describeDeleted,
  describeImages,
  describeSuperseded,
  describeTimedOut,
  listMissing,
} from '../image/wait-words.ts';
import type { WaitResult } from '../query/ask.ts';
import type { SeveralDocument } from '../query/several-images.ts';
import type { Verdict } from './check.ts';

/** @param progress where the images are, or why that is not known */
export function describeProgress(progress: string): string {
  return `waiting: ${progress}`;
}

export function succeeded(document: AvailabilityDocument): Verdict {
  return { result: 'succeeded', comment: describeWhere(document) };
}

/** @returns `undefined` while it may still succeed */
export function failedBy(outcome: WaitResult['outcome'], document: AvailabilityDocument): Verdict | undefined {
  const { image, tag } = document;
  if (outcome === 'deleted') return failed(describeDeleted(image));
  if (outcome === 'superseded') return failed(describeSuperseded(image, tag?.name ?? ''));
  return undefined;
}

/** For several images: how many satisfy the requirement, and where the others are missing. */
export function describeTogether({ images }: SeveralDocument): string {
  const isOneRegistry = new Set(images.map(({ registry }) => registry)).size === 1;
  const waiting = images.flatMap((one): Waiting[] => {
    if (one.satisfied) return [];
    const name = isOneRegistry ? shortName(one) : `${one.registry}/${shortName(one)}`;
    return [{ name, missing: one.state === 'deleting' ? ['being deleted'] : one.missing }];
  });
  return describeImages(images.length, waiting);
}

export function succeededTogether(document: SeveralDocument): Verdict {
  return { result: 'succeeded', comment: describeTogether(document) };
}

/** For several images: names the first with this outcome. @returns `undefined` while they may still succeed */
export function failedByOne(outcome: WaitResult['outcome'], document: SeveralDocument): Verdict | undefined {
  const ended = document.ended.find((one) => one.outcome === outcome);
  const first = document.images.find(({ image }) => image === ended?.image);
  const failure = first === undefined ? undefined : failedBy(outcome, first);
  return failure && failed(`${failure.comment}; ${describeTogether(document)}`);
}

/** @param progress where the images are, or why that is not known */
export function timedOut(timeoutMs: number, progress: string): Verdict {
  return failed(describeTimedOut(timeoutMs, progress));
}

/** A verdict for a question that can never be met, or was not met in time. */
export function failed(comment: string): Verdict {
  return { result: 'failed', comment };
}

export function describeWhere({ image, requirement, missing, regions }: AvailabilityDocument): string {
  const { regions: asked, have, needed } = requirement;
  const there = asked.filter((region) => !missing.includes(region));
  const inState = (wanted: string) =>
    missing.filter((region) => regions.some((one) => one.region === region && one.state === wanted));
  const [unverified, deleted] = [inState('unverified'), inState('deleted')];
  return [
    `${image} is in ${countRegions({ have, of: asked.length, needed })}`,
    there.length === 0 ? '' : `: ${there.join(', ')}`,
    deleted.length === 0 ? '' : `; deleted: ${deleted.join(', ')}`,
    listMissing(missing.filter((region) => !deleted.includes(region))),
    unverified.length === 0 ? '' : `; unverified: ${unverified.join(', ')}`,
  ].join('');
}

/** Without the registry; with the tag where the question named one. */
function shortName({ repository, tag, digest }: AvailabilityDocument): string {
  if (tag !== undefined) return `${repository}:${tag.name}`;
  return `${repository}@${digest?.slice(0, 'sha256:'.length + 12)}`;
}
