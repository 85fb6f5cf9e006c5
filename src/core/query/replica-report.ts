/**
 * The state of each replica, by its recent images: its usual lag, the time of its last webhook, and how many images it lacks now.
 * A region whose webhooks stop is noticed here first.
 */

import type { Arrival } from '../image/arrival.ts';
import { availableSince, firstArrival, isLearnedLate } from '../image/arrival-times.ts';
import type { ImageRecord } from '../image/record.ts';
import { arrivalIn, imageKey, isPartOfFamily } from '../image/record.ts';
import { toSeconds } from '../image/region-availability.ts';
import { imageState, isAvailableIn } from '../image/state.ts';
import type { HealthEventLog, HeartbeatStore } from '../ingest/ports.ts';
import { regionWarning, shownRegions } from '../ingest/unexpected-region.ts';
import type { WebhookAudit, WebhookFinding, WebhookStatus } from '../ingest/webhook-status.ts';
import type { Region } from '../model/region.ts';
import { sortRegions } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import type { Replica, ReplicaSet, ReplicaStatus } from '../model/replica-set.ts';
import { findReplica, isStale } from '../model/replica-set.ts';
import { isListIncomplete } from '../store/list-completeness.ts';
import { pageOpenImages } from '../store/open-images.ts';
import type { CheckpointStore, ImageLists, ImageStore } from '../store/ports.ts';
import type { LikelyCause } from './likely-causes.ts';
import { likelyCauses } from './likely-causes.ts';
import { readRecords } from './list-images.ts';

export interface ReplicaReport {
  readonly registry: string;
  readonly source: ReplicaSet['source'];
  readonly refreshedAt: string;
  readonly stale: boolean;
  /** For people: which webhooks come from a region that is not expected, and what to do; `null` if none does. */
  readonly warning: string | null;
  /** Alphabetical: the replica set, and every other region that has sent a webhook within the last seven days. */
  readonly regions: readonly RegionReport[];
  /** Open incidents of the registry service that affect these regions. */
  readonly likelyCauses: readonly LikelyCause[];
}

export interface RegionReport {
  readonly region: Region;
  readonly expected: boolean;
  /** Part of the default requirement. */
  readonly required: boolean;
  readonly observedOnly: boolean;
  readonly provisioningState: string | null;
  readonly health: Replica['health'];
  /** Its status as ARM reports it; `null` if the set comes from the settings, and if ARM reports none. */
  readonly status: ReplicaStatus | null;
  readonly globalRouting: boolean;
  readonly lastWebhookAt: string | null;
  /** Whether it has `unreportedImages` of at least three: one webhook may be lost, and no other be due for hours. */
  readonly silent: boolean;
  /**
   * How many of the recent images webhooks of other regions reported after its last webhook and two minutes ago or earlier, and it
   * has not; 0 for a region that is not expected. What belongs to another image is counted with that one.
   */
  readonly unreportedImages: number;
  readonly webhook: {
    readonly status: WebhookStatus;
    /** For people. */
    readonly reason: string | null;
    readonly checkedAt: string | null;
  };
  /**
   * Time behind the first region, over the recent images that the region reported itself; `null` if there is none. A probe or the
   * delivery log shows when the tracker found an image, not when it arrived.
   */
  readonly lag: { readonly p50Seconds: number | null; readonly p95Seconds: number | null; readonly count: number };
  /**
   * How many of the newest open images the region lacks; for a region that is not expected, the recent images are counted as well.
   * Images that are being deleted are not missing.
   */
  readonly missingImages: number;
}

interface ReplicaReportPorts {
  readonly store: ImageStore;
  readonly lists: ImageLists;
  readonly checkpoints: Pick<CheckpointStore, 'load'>;
  readonly webhooks: Pick<HeartbeatStore, 'last'>;
  readonly audit: WebhookAudit;
  readonly health: HealthEventLog;
}

/** The time that a slow region has to send its webhook. */
const unreportedAfterMs = 120_000;
/** As the alert "Region silent" does (infra/alerts.bicep). */
const silentFrom = 3;
/** Images that the lag is measured over. */
const recentImages = 200;
/** Open images read per page, to count the missing ones. */
const openImages = 500;

export async function reportReplicas(
  ports: ReplicaReportPorts,
  registry: Registry,
  set: ReplicaSet,
  now: number,
): Promise<ReplicaReport> {
  const newest = async () => {
    const page = await ports.lists.page({ registry: registry.name, list: 'all', limit: recentImages });
    return readRecords(ports.store, page.entries, set);
  };
  const newestOpen = async () => {
    const isIncomplete = isListIncomplete(await ports.checkpoints.load(registry.name), set);
    const query = { registry: registry.name, isListIncomplete: isIncomplete, limit: openImages };
    const young = await pageOpenImages(ports.lists, query, now);
    const cursor = young.next ?? undefined;
    const older = cursor === undefined ? [] : (await pageOpenImages(ports.lists, { ...query, cursor }, now)).entries;
    return readRecords(ports.store, [...young.entries, ...older], set);
  };
  const [recent, open, lastWebhooks, incidents] = await Promise.all([
    newest(),
    newestOpen(),
    ports.webhooks.last(registry.name),
    ports.health.open(registry.name),
  ]);
  const regions = sortRegions(shownRegions(lastWebhooks, set, now));
  // An image that only an unexpected region lacks is not open.
  const all = [...new Map([...recent, ...open].map((record) => [imageKey(record.name), record])).values()];
  // The last webhook of a removed replica is no reason for a warning.
  const hasReportedSinceRemoval = (region: Region) =>
    !set.gone?.some((one) => one.region === region && (lastWebhooks.get(region) ?? 0) <= one.at);
  return {
    registry: registry.loginServer,
    source: set.source,
    refreshedAt: new Date(set.refreshedAt).toISOString(),
    stale: isStale(set, now),
    warning: regionWarning(registry, regions.filter(hasReportedSinceRemoval), set) ?? null,
    likelyCauses: likelyCauses(incidents, regions, now),
    regions: regions.map((region) => {
      const replica = findReplica(set, region);
      const lastWebhookAt = lastWebhooks.get(region);
      const isExpected = replica?.expected === true;
      const unreportedImages = isExpected ? countUnreported(region, lastWebhookAt ?? 0, recent, now) : 0;
      return {
        region,
        expected: replica?.expected ?? false,
        required: replica?.expected ?? false,
        observedOnly: registry.observedOnly.includes(region),
        provisioningState: replica?.provisioningState ?? null,
        health: replica?.health ?? 'unknown',
        status: replica?.status ?? null,
        globalRouting: replica?.globalRouting ?? true,
        lastWebhookAt: lastWebhookAt === undefined ? null : new Date(lastWebhookAt).toISOString(),
        silent: unreportedImages >= silentFrom,
        unreportedImages,
        webhook: describeWebhook(ports.audit.status(registry, region)),
        lag: lagOf(recent, region),
        missingImages: countMissing(isExpected ? open : all, region, set),
      };
    }),
  };
}

function describeWebhook({ status, reason, checkedAt }: WebhookFinding): RegionReport['webhook'] {
  return { status, reason: reason ?? null, checkedAt: checkedAt === null ? null : new Date(checkedAt).toISOString() };
}

/** @param lastAt of its last webhook, milliseconds since 1970 */
function countUnreported(region: Region, lastAt: number, recent: readonly ImageRecord[], now: number): number {
  const isReport = (arrival: Arrival | undefined) => arrival?.evidence[0] === 'webhook';
  const isLater = (other: Arrival) => isReport(other) && other.since > lastAt && other.since < now - unreportedAfterMs;
  return recent.filter(
    (record) =>
      !isPartOfFamily(record) && !isReport(arrivalIn(record, region)) && Object.values(record.arrivals).some(isLater),
  ).length;
}

function countMissing(records: readonly ImageRecord[], region: Region, set: ReplicaSet): number {
  return records.filter((record) => {
    // Parts of a family are counted with their image. An image that is being deleted is not waited for.
    const isWaitedFor = !isPartOfFamily(record) && ['replicating', 'available'].includes(imageState(record, set));
    return isWaitedFor && !isAvailableIn(record, region, set);
  }).length;
}

function lagOf(records: readonly ImageRecord[], region: Region): RegionReport['lag'] {
  const lags = records
    .flatMap((record) => {
      if (isPartOfFamily(record)) return [];
      const since = isLearnedLate(record, region) ? undefined : availableSince(record, region);
      const first = firstArrival(record);
      return since !== undefined && first !== undefined ? [since - first] : [];
    })
    .sort((a, b) => a - b);
  return { p50Seconds: percentile(lags, 0.5), p95Seconds: percentile(lags, 0.95), count: lags.length };
}

/** Nearest rank. */
function percentile(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  return value === undefined ? null : toSeconds(value);
}
