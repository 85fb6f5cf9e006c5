/**
 * Audits the webhook of every expected region and, in mode `manage`, creates or repairs it and sends a ping to prove that it
 * works. Only webhooks that point at this app, or have a name that this app gives, are ever changed. Without this, a region that
 * was added in the portal reports nothing until people miss an image.
 */

import type { WebhookAudit, WebhookFinding } from '../ingest/webhook-status.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { FoundWebhook } from './address.ts';
import { findWebhooks, webhookAddress, webhookName } from './address.ts';
import type { Verdict } from './audit.ts';
import { judgeWebhooks, refusalOf } from './audit.ts';
import type { WebhookDirectory } from './ports.ts';
import type { RepairSession } from './repair.ts';
import { pingNotReceived, webhookRepairer } from './repair.ts';

export interface WebhookAuditor extends WebhookAudit {
  /** Audits every registry now, and repairs in mode `manage`. Never fails. */
  run(): Promise<void>;
  /** A ping with this id came to the endpoint. */
  arrived(id: string): void;
}

export interface WebhookAuditorDeps {
  readonly registries: readonly Registry[];
  /** `undefined` where there is no control plane to ask. */
  readonly directory: WebhookDirectory | undefined;
  readonly mode: 'off' | 'audit' | 'manage';
  /** Where the registry reaches this app. */
  readonly publicUrl: string | undefined;
  /** The one that webhooks are given. */
  readonly secret: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Once the replica set is known: an instance that has just started may not know it yet. Never fails. */
  ready?(registry: Registry): Promise<void>;
  replicaSet(registry: Registry): ReplicaSet;
}

/** A little more than the timer's quarter of an hour: the instance on which the timer runs starts no other audits. */
const freshMs = 16 * 60_000;
/** For a region without a result, such as one that was just added. */
const firstAuditMs = 60_000;

export function webhookAuditor(deps: WebhookAuditorDeps): WebhookAuditor {
  const { directory, publicUrl, clock, log, mode } = deps;
  const access =
    directory === undefined || publicUrl === undefined
      ? undefined
      : { directory, publicUrl, repairer: webhookRepairer({ ...deps, directory, publicUrl }) };
  const findings = new Map<string, WebhookFinding>();
  /** Regions whose last ping did not come. */
  const unproven = new Set<string>();
  const auditedAt = new Map<string, number>();
  const running = new Map<string, Promise<void>>();

  /** Why this registry cannot be audited. */
  function obstacle(registry: Registry): string | undefined {
    if (mode === 'off') return 'WEBHOOK_MANAGEMENT is off';
    if (directory === undefined || registry.resourceId === undefined) return 'the registry has no "resourceId"';
    return publicUrl === undefined ? 'PUBLIC_URL is not known' : undefined;
  }

  function keep(registry: Registry, region: Region, { status, reason }: Pick<Verdict, 'status' | 'reason'>): void {
    const key = keyOf(registry, region);
    const wasOk = findings.get(key)?.status === 'ok';
    findings.set(key, { status, checkedAt: clock.now(), ...(reason === undefined ? {} : { reason }) });
    const fields = { registry: registry.name, region, reason };
    // Logged at each audit: an alert without new lines counts as resolved.
    if (status !== 'ok') log.warn(`webhook ${status}`, fields);
    else if (!wasOk) log.info('webhook ok', fields);
  }

  async function audit(registry: Registry, isRepairing: boolean): Promise<void> {
    if (access === undefined || obstacle(registry) !== undefined) return;
    await deps.ready?.(registry);
    const set = deps.replicaSet(registry);
    const expected = expectedRegions(set);
    auditedAt.set(registry.name, clock.now());
    const regions = set.replicas.map(({ region }) => region);
    try {
      const found = await findWebhooks(access.directory, registry, regions, access.publicUrl);
      const session = isRepairing ? access.repairer.begin(registry) : undefined;
      const ownName = (region: Region) => webhookName(webhookAddress(access.publicUrl, registry, region));
      await Promise.all(expected.map((region) => auditRegion(registry, region, found, ownName(region), session)));
    } catch (error) {
      const reason = `the webhooks were not told: ${describeError(error)}`;
      for (const region of expected) keep(registry, region, { status: 'unknown', reason });
    }
  }

  async function auditRegion(
    registry: Registry,
    region: Region,
    found: readonly FoundWebhook[],
    ownName: string,
    session: RepairSession | undefined,
  ): Promise<void> {
    const key = keyOf(registry, region);
    const verdict = await withRefusal(judgeWebhooks(region, found, ownName), registry, region);
    const isUnproven = verdict.status === 'ok' && unproven.has(key);
    const isRight = verdict.status === 'ok' || verdict.status === 'unknown';
    if (session === undefined || (isRight && !isUnproven))
      return keep(registry, region, isUnproven ? pingNotReceived : verdict);
    const outcome = await session.repair(region, verdict, ownName);
    if (outcome.isProven === false) unproven.add(key);
    if (outcome.isProven === true) unproven.delete(key);
    keep(registry, region, outcome);
  }

  /** The endpoint may refuse the deliveries of a webhook that is configured correctly. */
  async function withRefusal(verdict: Verdict, registry: Registry, region: Region): Promise<Verdict> {
    const { working: name, status } = verdict;
    if (directory === undefined || name === undefined || status !== 'ok') return verdict;
    // A log that may not be read proves nothing about the webhook.
    const refusal = refusalOf(await directory.deliveries(registry, name).catch(() => []));
    if (refusal === undefined) return verdict;
    return { ...verdict, status: 'misconfigured', reason: `webhook ${name}: ${refusal}`, faulty: [{ name, region }] };
  }

  /** One audit at a time for each registry: two would change the same webhook. */
  function queue(registry: Registry, isRepairing: boolean): Promise<void> {
    const before = running.get(registry.name) ?? Promise.resolve();
    const done = before
      .then(() => audit(registry, isRepairing))
      .catch((error: unknown) => {
        log.warn('webhooks not audited', { registry: registry.name, error: describeError(error) });
      })
      .finally(() => {
        if (running.get(registry.name) === done) running.delete(registry.name);
      });
    running.set(registry.name, done);
    return done;
  }

  return {
    async run() {
      await Promise.all(deps.registries.map((registry) => queue(registry, mode === 'manage')));
    },
    arrived(id) {
      access?.repairer.arrived(id);
    },
    status(registry, region) {
      const unknown = (reason: string): WebhookFinding => ({ status: 'unknown', reason, checkedAt: null });
      const reason = obstacle(registry);
      if (reason !== undefined) return unknown(reason);
      if (!expectedRegions(deps.replicaSet(registry)).includes(region)) return unknown('not an expected region');
      const finding = findings.get(keyOf(registry, region));
      const ageMs = clock.now() - (auditedAt.get(registry.name) ?? Number.NEGATIVE_INFINITY);
      const isDue = ageMs > (finding === undefined ? firstAuditMs : freshMs);
      // The timer may run on another instance, whose results this one does not have.
      if (isDue && !running.has(registry.name)) void queue(registry, false);
      return finding ?? unknown('not audited yet');
    },
  };
}

function keyOf(registry: Registry, region: Region): string {
  return `${registry.name} ${region}`;
}
