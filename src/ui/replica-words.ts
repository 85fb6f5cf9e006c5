/** The replicas of a registry in words: which is the worst and why, and how many images each has. */
import type { RegionReport } from '../core/query/replica-report.ts';
import { formatSeconds, plural, visible } from './format.ts';
import type { LagPoint } from './lag-shape.ts';
import { lackingText } from './release-words.ts';

/** By missing images, then by lag; regions that no wait requires last. */
export function worstFirst(a: RegionReport, b: RegionReport): number {
  const rank = ({ expected }: RegionReport) => (expected ? 0 : 1);
  const slow = ({ lag }: RegionReport) => lag.p95Seconds ?? -1;
  return (
    rank(a) - rank(b) ||
    b.missingImages - a.missingImages ||
    slow(b) - slow(a) ||
    (String(a.region) < String(b.region) ? -1 : 1)
  );
}

/** @param regions the worst first */
export function replicaHeadline(regions: readonly RegionReport[]): string {
  const expected = regions.filter((region) => region.expected);
  const [worst] = expected;
  if (worst === undefined) return 'No region is expected to have images.';
  const { region, missingImages, lag } = worst;
  const webhookNote = webhooksToCorrect(expected);
  const behind = expected.filter((one) => one.missingImages > 0);
  if (behind.length > 1) {
    const lacking = behind.map((one) => [one.region, one.missingImages] as const);
    return `Images missing now: ${lackingText({ lacking })}.${webhookNote}`;
  }
  if (missingImages > 0)
    return `${visible(region)} is behind: ${plural(missingImages, 'image')} missing there now.${webhookNote}`;
  // With a single region there is no slowest one.
  if (lag.p95Seconds === null || expected.length === 1) return `No image is missing in any region.${webhookNote}`;
  return `No image is missing in any region. The slowest is ${visible(region)}: 95 of 100 images are there within ${formatSeconds(lag.p95Seconds)}.${webhookNote}`;
}

/** A broken webhook must be repaired first, wherever its region is in the table. */
function webhooksToCorrect(regions: readonly RegionReport[]): string {
  const failing = regions.filter(({ webhook }) => webhook.status !== 'ok' && webhook.status !== 'unknown');
  if (failing.length === 0) return '';
  const named = failing.slice(0, failing.length > 3 ? 2 : 3);
  const rest = failing.length - named.length;
  const text = named.map(({ region, webhook }) => `${visible(region)} (${visible(webhook.status)})`).join(', ');
  return ` Webhooks to correct: ${text}${rest === 0 ? '' : ` and ${rest} more`}.`;
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
