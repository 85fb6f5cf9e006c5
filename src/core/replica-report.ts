/**
 * How each replica is doing, told from the recent images: how far behind it usually is, when its webhook last spoke,
 * how many images are missing there now. A region that has gone silent shows here first.
 */
import { isAvailable } from './arrival.ts';
import { toSeconds } from './availability.ts';
import type { ImageRecord } from './image.ts';
import { arrivalIn, arrivalSpan, isAvailableIn } from './image.ts';
import type { LikelyCause } from './likely-causes.ts';
import { likelyCauses } from './likely-causes.ts';
import { readRecords } from './listing.ts';
import { pageOpenImages } from './open-images.ts';
import type { ImageIndex, ImageStore, WebhookLog } from './ports.ts';
import type { Region } from './region.ts';
import { sortRegions } from './region.ts';
import type { Registry } from './registry.ts';
import type { Replica, ReplicaSet } from './replica-set.ts';
import { findReplica, isStale } from './replica-set.ts';
import type { HealthEventLog } from './service-health.ts';
import type { WebhookAudit, WebhookFinding } from './webhooks/webhook-audit.ts';

export type WebhookStatus = 'ok' | 'missing' | 'disabled' | 'misconfigured' | 'unknown';

export interface ReplicaReport {
  readonly registry: string;
  readonly source: ReplicaSet['source'];
  readonly refreshedAt: string;
  readonly stale: boolean;
  /** Alphabetical: the replica set, and every other region whose webhook has spoken. */
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
  readonly globalRouting: boolean;
  readonly lastWebhookAt: string | null;
  readonly webhook: {
    readonly status: WebhookStatus;
    /** For people. */
    readonly reason: string | null;
    readonly checkedAt: string | null;
  };
  /** Distance from the first region over the recent images that are there; `null` where there is none. */
  readonly lag: { readonly p50Seconds: number | null; readonly p95Seconds: number | null; readonly count: number };
  /** Of the newest images that are not everywhere yet. */
  readonly missingImages: number;
}

interface ReplicaReportPorts {
  readonly store: ImageStore;
  readonly index: ImageIndex;
  readonly webhooks: Pick<WebhookLog, 'last'>;
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
    const young = await pageOpenImages(ports.index, { registry: registry.name, limit: openImages }, now);
    const cursor = young.next ?? undefined;
    const older =
      cursor === undefined
        ? []
        : (await pageOpenImages(ports.index, { registry: registry.name, cursor, limit: openImages }, now)).entries;
    return readRecords(ports.store, [...young.entries, ...older], set);
  };
  const [recent, open, heard, incidents] = await Promise.all([
    newest(),
    newestOpen(),
    ports.webhooks.last(registry.name),
    ports.health.open(registry.name),
  ]);
  const regions = sortRegions([...set.replicas.map((replica) => replica.region), ...heard.keys()]);
  return {
    registry: registry.loginServer,
    source: set.source,
    refreshedAt: new Date(set.refreshedAt).toISOString(),
    stale: isStale(set, now),
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
        globalRouting: replica?.globalRouting ?? true,
        lastWebhookAt: lastWebhookAt === undefined ? null : new Date(lastWebhookAt).toISOString(),
        webhook: describeWebhook(ports.audit.status(registry, region)),
        lag: lagOf(recent, region),
        missingImages: open.filter((record) => arrivalSpan(record) !== undefined && !isAvailableIn(record, region, set))
          .length,
      };
    }),
  };
}

function describeWebhook({ status, reason, checkedAt }: WebhookFinding): RegionReport['webhook'] {
  return { status, reason: reason ?? null, checkedAt: checkedAt === null ? null : new Date(checkedAt).toISOString() };
}

function lagOf(records: readonly ImageRecord[], region: Region): RegionReport['lag'] {
  const lags = records
    .flatMap((record) => {
      const arrival = arrivalIn(record, region);
      const first = arrivalSpan(record)?.first;
      return arrival !== undefined && isAvailable(arrival) && first !== undefined ? [arrival.since - first] : [];
    })
    .sort((a, b) => a - b);
  return { p50Seconds: percentile(lags, 0.5), p95Seconds: percentile(lags, 0.95), count: lags.length };
}

/** Nearest rank. */
function percentile(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  return value === undefined ? null : toSeconds(value);
}
