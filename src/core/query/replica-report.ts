/**
 * How each replica is doing, told from the recent images: how far behind it usually is, when its webhook last spoke,
 * how many images are missing there now. A region that has gone silent shows here first.
 */

import type { ImageRecord } from '../image/record.ts';
import { arrivalSpan, availableSince, imageKey, isLearnedLate, isPartOfFamily } from '../image/record.ts';
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
import type { CheckpointStore, ImageIndex, ImageStore } from '../store/ports.ts';
import { pageOpenImages } from '../store/replicating-index.ts';
import type { LikelyCause } from './likely-causes.ts';
import { likelyCauses } from './likely-causes.ts';
import { readRecords } from './list-images.ts';

export interface ReplicaReport {
  readonly registry: string;
  readonly source: ReplicaSet['source'];
  readonly refreshedAt: string;
  readonly stale: boolean;
  /** For people: which webhooks speak for a region that is not expected, and what to do; `null` where none does. */
  readonly warning: string | null;
  /** Alphabetical: the replica set, and every other region whose webhook has spoken within the last seven days. */
  readonly regions: readonly RegionReport[];
  /** Open incidents of the registry service that affect these regions. */
  readonly likelyCauses: readonly LikelyCause[];
}

export interface RegionReport {
  readonly region: Region;
  readonly expected: boolean;
  /** Waited for when nobody asks otherwise. */
  readonly required: boolean;
  readonly observedOnly: boolean;
  readonly provisioningState: string | null;
  readonly health: Replica['health'];
  /** ARM's own words about it; `null` when the set comes from settings, and where it says nothing. */
  readonly status: ReplicaStatus | null;
  readonly globalRouting: boolean;
  readonly lastWebhookAt: string | null;
  readonly webhook: {
    readonly status: WebhookStatus;
    /** For people. */
    readonly reason: string | null;
    readonly checkedAt: string | null;
  };
  /**
   * Time from the first region to this one, over the recent images that the region reported itself; `null` if there is none.
   * What a probe or the log of deliveries found says when the tracker looked, not when the image arrived.
   */
  readonly lag: { readonly p50Seconds: number | null; readonly p95Seconds: number | null; readonly count: number };
  /**
   * Of the newest images that are not in every expected region yet; for a region that is not expected, of the recent images
   * as well. Images that are being deleted are not missing.
   */
  readonly missingImages: number;
}

interface ReplicaReportPorts {
  readonly store: ImageStore;
  readonly index: ImageIndex;
  readonly checkpoints: Pick<CheckpointStore, 'load'>;
  readonly webhooks: Pick<HeartbeatStore, 'last'>;
  readonly audit: WebhookAudit;
  readonly health: HealthEventLog;
}

/** Images that lag is measured over. */
const recentImages = 200;
/** Images looked at to count what is missing. */
const openImages = 500;

export async function reportReplicas(
  ports: ReplicaReportPorts,
  registry: Registry,
  set: ReplicaSet,
  now: number,
): Promise<ReplicaReport> {
  const newest = async () => {
    const page = await ports.index.page({ registry: registry.name, list: 'all', limit: recentImages });
    return readRecords(ports.store, page.entries, set);
  };
  const newestOpen = async () => {
    const isIncomplete = isListIncomplete(await ports.checkpoints.load(registry.name), set);
    const query = { registry: registry.name, isListIncomplete: isIncomplete, limit: openImages };
    const young = await pageOpenImages(ports.index, query, now);
    const cursor = young.next ?? undefined;
    const older = cursor === undefined ? [] : (await pageOpenImages(ports.index, { ...query, cursor }, now)).entries;
    return readRecords(ports.store, [...young.entries, ...older], set);
  };
  const [recent, open, heard, incidents] = await Promise.all([
    newest(),
    newestOpen(),
    ports.webhooks.last(registry.name),
    ports.health.open(registry.name),
  ]);
  const regions = sortRegions(shownRegions(heard, set, now));
  // An image that only a region lacks that is not expected is not open.
  const all = [...new Map([...recent, ...open].map((record) => [imageKey(record.name), record])).values()];
  // A replica that was removed has said nothing since.
  const isStillHeard = (region: Region) =>
    !set.gone?.some((one) => one.region === region && (heard.get(region) ?? 0) <= one.at);
  return {
    registry: registry.loginServer,
    source: set.source,
    refreshedAt: new Date(set.refreshedAt).toISOString(),
    stale: isStale(set, now),
    warning: regionWarning(registry, regions.filter(isStillHeard), set) ?? null,
    likelyCauses: likelyCauses(incidents, regions, now),
    regions: regions.map((region) => {
      const replica = findReplica(set, region);
      const lastWebhookAt = heard.get(region);
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
        webhook: describeWebhook(ports.audit.status(registry, region)),
        lag: lagOf(recent, region),
        missingImages: countMissing(replica?.expected === true ? open : all, region, set),
      };
    }),
  };
}

function describeWebhook({ status, reason, checkedAt }: WebhookFinding): RegionReport['webhook'] {
  return { status, reason: reason ?? null, checkedAt: checkedAt === null ? null : new Date(checkedAt).toISOString() };
}

function countMissing(records: readonly ImageRecord[], region: Region, set: ReplicaSet): number {
  return records.filter((record) => {
    // Of a part of a family, the image that it belongs to is counted. What is being deleted is not waited for.
    const isWaitedFor = !isPartOfFamily(record) && ['replicating', 'available'].includes(imageState(record, set));
    return isWaitedFor && !isAvailableIn(record, region, set);
  }).length;
}

function lagOf(records: readonly ImageRecord[], region: Region): RegionReport['lag'] {
  const lags = records
    .flatMap((record) => {
      if (isPartOfFamily(record)) return [];
      const since = isLearnedLate(record, region) ? undefined : availableSince(record, region);
      const first = arrivalSpan(record)?.first;
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
