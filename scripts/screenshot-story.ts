/**
 * The data that the screenshots of the live page show: a few repositories in four regions; one image that a region
 * never reports, one deleted, one tag that moves from one digest to another. Sent through the app's own webhooks.
 */
import { createHash } from 'node:crypto';
import type { Simulator } from '../src/local/simulator/simulator.ts';

export const secret = 'secret-of-the-screenshots';
export const regions = ['eastus', 'westeurope', 'australiaeast', 'southeastasia'] as const;
type Region = (typeof regions)[number];

interface Pushed {
  readonly repository: string;
  readonly tag: string;
  /** Seconds after the start at which each region reports it. */
  readonly at: Partial<Record<Region, number>>;
  readonly isIndex?: boolean;
  readonly deletedAt?: number;
}

/** The image that no event from Australia reports, `team/mail`, becomes delayed. */
export const story: readonly Pushed[] = [
  {
    repository: 'platform/base',
    tag: '24.04',
    at: { westeurope: 0, eastus: 1.1, southeastasia: 4.6, australiaeast: 3.2 },
  },
  { repository: 'team/mail', tag: '0.9.1', at: { eastus: 0.5, westeurope: 1.4, southeastasia: 3.9 } },
  { repository: 'team/cart', tag: '1.0.7', at: { westeurope: 2, eastus: 3.2, southeastasia: 6.1, australiaeast: 4.9 } },
  {
    repository: 'team/probe',
    tag: 'pr-311',
    at: { eastus: 3, westeurope: 3.8, southeastasia: 5, australiaeast: 5.4 },
    deletedAt: 9,
  },
  { repository: 'team/web', tag: '5.12.0', at: { eastus: 4, westeurope: 4.7, southeastasia: 7.9, australiaeast: 6 } },
  {
    repository: 'platform/agent',
    tag: '3.2.0',
    at: { eastus: 6, westeurope: 7.3, southeastasia: 9.8, australiaeast: 8.4 },
    isIndex: true,
  },
  {
    repository: 'team/cart',
    tag: 'stable',
    at: { westeurope: 8, eastus: 8.9, southeastasia: 12.2, australiaeast: 10.4 },
  },
  { repository: 'team/search', tag: '0.3.0', at: { southeastasia: 17.2, eastus: 19, westeurope: 19.6 } },
  { repository: 'team/shop', tag: '2.4.0', at: { eastus: 17.5, westeurope: 18.9 }, isIndex: true },
  { repository: 'team/cart', tag: 'stable', at: { westeurope: 18.1, eastus: 19.6 } },
];

const storyEndsAt = 21;
export const delayedAfterSeconds = 14;

export const digestOf = (index: number) => `sha256:${createHash('sha256').update(`image ${index}`).digest('hex')}`;

export async function play(url: string): Promise<void> {
  const startedAt = Date.now();
  const due = story.flatMap((pushed, index) => [
    ...Object.entries(pushed.at).map(([region, at]) => ({ at, region, index, action: 'push' })),
    ...(pushed.deletedAt === undefined
      ? []
      : regions.map((region, i) => ({ at: (pushed.deletedAt ?? 0) + i / 3, region, index, action: 'delete' }))),
  ]);
  await Promise.all(
    due.map(async ({ at, region, index, action }) => {
      await passed(startedAt, at);
      await report(url, region, index, action);
    }),
  );
  await passed(startedAt, storyEndsAt);
  // The sweep marks images that are delayed by now.
  await post(`${url}/admin/functions/sweep`, {});
}

/** Delayed images come first in the list once they are counted, a moment later. */
export async function untilCounted(url: string): Promise<void> {
  for (const until = Date.now() + 30_000; Date.now() < until; ) {
    const summary = await fetch(`${url}/api/summary`);
    if (((await summary.json()) as { delayed: number }).delayed > 0) return;
    await passed(Date.now(), 0.2);
  }
  throw new Error('nothing was counted as delayed within half a minute');
}

function passed(startedAt: number, seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, startedAt + seconds * 1_000 - Date.now())));
}

async function report(url: string, region: string, index: number, action: string): Promise<void> {
  const { repository = '', tag, isIndex = false } = story[index] ?? {};
  const mediaType = `application/vnd.oci.image.${isIndex ? 'index' : 'manifest'}.v1+json`;
  const named = action === 'push' ? { tag } : {};
  await post(`${url}/api/webhooks/contoso/${region}`, {
    id: `${index}-${region}-${action}`,
    timestamp: new Date().toISOString(),
    action,
    target: { mediaType, digest: digestOf(index), repository, ...named },
  });
}

/** What an operator would see in Azure: a webhook that was switched off, and an incident. */
export async function reportProblems(url: string, { webhooks }: Pick<Simulator, 'webhooks'>): Promise<void> {
  for (const webhook of webhooks.values()) {
    if (webhook.location === 'australiaeast') webhook.status = 'disabled';
  }
  await post(`${url}/admin/functions/webhookAuditor`, {});
  const impactedServices = [{ ImpactedRegions: [{ RegionName: 'Australia East' }], ServiceName: 'Container Registry' }];
  const properties = {
    title: 'Container Registry – Australia East – delayed replication',
    service: 'Container Registry',
    region: 'Australia East',
    incidentType: 'Incident',
    trackingId: 'VT60-9S8',
    impactStartTime: new Date(Date.now() - 20 * 60_000).toISOString(),
    impactedServices: JSON.stringify(impactedServices),
    stage: 'Active',
  };
  const essentials = {
    monitorCondition: 'Fired',
    monitoringService: 'ServiceHealth',
    firedDateTime: new Date().toISOString(),
  };
  const alertContext = { eventTimestamp: new Date().toISOString(), status: 'Active', properties };
  const data = { essentials, alertContext };
  await post(`${url}/api/service-health/contoso`, { schemaId: 'azureMonitorCommonAlertSchema', data });
}

async function post(address: string, body: unknown): Promise<void> {
  const response = await fetch(address, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${new URL(address).pathname} answered ${response.status}`);
}
