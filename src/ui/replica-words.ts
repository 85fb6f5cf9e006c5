/** The replicas of a registry in words: which is the worst and why, and how many images each has. */
import type { RegionReport } from '../core/query/replica-report.ts';
import { formatSeconds, plural, visible } from './format.ts';
import { namesText } from './image-words.ts';
import type { LagPoint } from './lag-shape.ts';

function hasBrokenWebhook({ webhook }: RegionReport): boolean {
  return webhook.status !== 'ok' && webhook.status !== 'unknown';
}

/**
 * Silent and unhealthy regions, then those whose webhook is wrong, then by missing images and by lag; regions that no
 * wait requires last.
 */
export function sortWorstFirst(all: readonly RegionReport[]): RegionReport[] {
  const faults = (one: RegionReport) =>
    2 * Number(one.silent) + 2 * Number(one.health === 'unhealthy') + Number(hasBrokenWebhook(one));
  const slow = ({ lag }: RegionReport) => lag.p95Seconds ?? -1;
  return all.toSorted(
    (a, b) =>
      Number(b.expected) - Number(a.expected) ||
      faults(b) - faults(a) ||
      b.missingImages - a.missingImages ||
      slow(b) - slow(a) ||
      (String(a.region) < String(b.region) ? -1 : 1),
  );
}

/** What is wrong now: unhealthy and silent regions, missing images, webhooks to correct, and the lag of the slowest. */
export function replicaHeadline(regions: readonly RegionReport[]): string {
  const expected = regions.filter((region) => region.expected);
  if (expected.length === 0) return 'No region is expected to have images.';
  const namesOf = (some: readonly RegionReport[]) => namesText(some.map(({ region }) => region));
  const unhealthy = expected.filter(({ health }) => health === 'unhealthy');
  const silent = expected.filter((region) => region.silent);
  return [
    unhealthy.length === 0 ? '' : `Unhealthy: ${namesOf(unhealthy)}.`,
    silent.length === 0 ? '' : `Silent: ${namesText(silent.map(withUnreported))}.`,
    missingText(expected),
    webhooksToCorrect(expected),
    slowestText(expected),
  ]
    .filter((text) => text !== '')
    .join(' ');
}

function withUnreported({ region, unreportedImages }: RegionReport): string {
  return `${region} (${plural(unreportedImages, 'image')} not reported)`;
}

function missingText(expected: readonly RegionReport[]): string {
  const behind = expected
    .filter(({ missingImages }) => missingImages > 0)
    .sort((a, b) => b.missingImages - a.missingImages);
  const [first] = behind;
  if (first === undefined) return 'No image is missing in any region.';
  if (behind.length === 1) {
    return `${visible(first.region)} is behind: ${plural(first.missingImages, 'image')} missing there now.`;
  }
  const counts = behind.map(({ region, missingImages }) => `${visible(region)} ${missingImages}`);
  const named = counts.slice(0, counts.length > 3 ? 2 : 3);
  const rest = counts.length - named.length;
  return `Images missing now: ${named.join(', ')}${rest === 0 ? '' : ` and ${rest} more regions`}.`;
}

/** The usual lag of the slowest region; with a single region there is none. */
function slowestText(expected: readonly RegionReport[]): string {
  const [slowest] = expected.toSorted((a, b) => (b.lag.p95Seconds ?? -1) - (a.lag.p95Seconds ?? -1));
  const seconds = slowest?.lag.p95Seconds ?? null;
  if (slowest === undefined || seconds === null || expected.length === 1) return '';
  return `The slowest is ${visible(slowest.region)}: 95 of 100 images are there within ${formatSeconds(seconds)}.`;
}

/** A broken webhook must be repaired first, wherever its region is in the table. */
function webhooksToCorrect(regions: readonly RegionReport[]): string {
  const failing = regions.filter(hasBrokenWebhook);
  if (failing.length === 0) return '';
  const named = failing.slice(0, failing.length > 3 ? 2 : 3);
  const rest = failing.length - named.length;
  const text = named.map(({ region, webhook }) => `${visible(region)} (${visible(webhook.status)})`).join(', ');
  return `Webhooks to correct: ${text}${rest === 0 ? '' : ` and ${rest} more`}.`;
}

/**
 * The number of the newest images, without deleted ones, that the region has; without them, the tracker's count.
 * @param points one for each of these images
 */
export function imagesThere({ lag }: Pick<RegionReport, 'lag'>, points: readonly LagPoint[]): string {
  if (points.length === 0) return String(lag.count);
  return `${points.filter((point) => point.lag !== null).length} of ${points.length}`;
}

/** How the region differs from a normal replica. */
export function roleNotes({ expected, observedOnly, globalRouting }: RegionReport): string[] {
  const role = observedOnly ? ['observed only'] : expected ? [] : ['not waited for'];
  return [...role, ...(globalRouting ? [] : ['no global routing'])];
}
