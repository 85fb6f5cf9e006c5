/**
 * Asks the replicas themselves, within bounds. Webhooks are tried once and lost; this finds out. Each replica has a
 * budget and pauses of its own: one that throttles or is down is left alone, and its silence never counts as absence.
 */

import type { Evidence, Fact } from '../image/arrival.ts';
import type { Digest } from '../model/digest.ts';
import type { EventTime } from '../model/event-time.ts';
import { toEventTime } from '../model/event-time.ts';
import type { Repository, Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import { regionalOrigin } from '../model/registry.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Telemetry } from '../runtime/telemetry.ts';
import { noTelemetry } from '../runtime/telemetry.ts';
import { probes } from './instruments.ts';
import type { ManifestProbe, ProbeAnswer } from './ports.ts';

export interface Prober {
  /** Whether this replica can be asked by itself at all. */
  canAsk(registry: Registry, region: Region): boolean;
  /**
   * `unclear` also when the replica is to be left alone for now; always with the time until it may be asked again.
   * @param mediaTypes what events have called it
   */
  ask(
    registry: Registry,
    region: Region,
    repository: Repository,
    reference: Digest | Tag,
    mediaTypes?: readonly string[],
  ): Promise<ProbeAnswer>;
}

interface ProbeBudget {
  /** Requests to one replica per span, and at the same time. */
  readonly perSpan: number;
  readonly spanMs: number;
  readonly atOnce: number;
}

/** 300 a minute is 3 % of what the registry allows one identity (facts: 10,000 a minute per replica). */
export const defaultBudget: ProbeBudget = { perSpan: 300, spanMs: 60_000, atOnce: 4 };

const firstPauseMs = 5_000;
const maxPauseMs = 300_000;
/** For an image that is not understood: nothing will change soon. */
const imagePauseMs = 60_000;

interface Replica {
  spanStartedAt: number;
  spent: number;
  underWay: number;
  failures: number;
  pausedUntil: number;
  /** Those who wait until one that is under way ends. */
  readonly queue: (() => void)[];
}

export function prober(deps: {
  readonly probe: ManifestProbe | undefined;
  readonly clock: Clock;
  readonly budget?: ProbeBudget;
  readonly telemetry?: Telemetry;
}): Prober {
  const { probe, clock, budget = defaultBudget, telemetry = noTelemetry } = deps;
  const replicas = new Map<string, Replica>();

  function replicaOf(registry: Registry, region: Region): Replica {
    const key = `${registry.name} ${region}`;
    const fresh = { spanStartedAt: clock.now(), spent: 0, underWay: 0, failures: 0, pausedUntil: 0, queue: [] };
    const replica = replicas.get(key) ?? fresh;
    replicas.set(key, replica);
    return replica;
  }

  /** @returns how long to wait before this replica may be asked, 0 for now */
  function waitFor(replica: Replica): number {
    const now = clock.now();
    if (now - replica.spanStartedAt >= budget.spanMs) {
      replica.spanStartedAt = now;
      replica.spent = 0;
    }
    if (replica.pausedUntil > now) return replica.pausedUntil - now;
    return replica.spent >= budget.perSpan ? replica.spanStartedAt + budget.spanMs - now : 0;
  }

  function learnFrom(replica: Replica, answer: ProbeAnswer): ProbeAnswer {
    if (answer.kind !== 'unclear' || answer.scope === 'image') {
      replica.failures = 0;
      return answer.kind === 'unclear' ? { ...answer, retryAfterMs: imagePauseMs } : answer;
    }
    // Questions that were under way together have met one outage, and not as many as they are.
    const leftMs = replica.pausedUntil - clock.now();
    const ownMs = leftMs > 0 ? leftMs : backoff(replica.failures + 1, { firstMs: firstPauseMs, maxMs: maxPauseMs });
    const pauseMs = answer.retryAfterMs ?? ownMs;
    if (leftMs <= 0) replica.failures++;
    replica.pausedUntil = Math.max(replica.pausedUntil, clock.now() + pauseMs);
    return { ...answer, retryAfterMs: pauseMs };
  }

  /** In turn: a hundred images that fall due together ask one after the other, and stop when they must. */
  async function takeTurn(replica: Replica): Promise<void> {
    if (replica.underWay >= budget.atOnce) await new Promise<void>((resolve) => replica.queue.push(resolve));
    else replica.underWay++;
  }

  function endTurn(replica: Replica): void {
    const next = replica.queue.shift();
    if (next === undefined) replica.underWay--;
    else next();
  }

  return {
    canAsk: (registry, region) => probe !== undefined && regionalOrigin(registry, region) !== undefined,
    async ask(registry, region, repository, reference, mediaTypes) {
      if (probe === undefined) return { kind: 'unclear', reason: 'probing is off', retryAfterMs: maxPauseMs };
      const replica = replicaOf(registry, region);
      await takeTurn(replica);
      try {
        const retryAfterMs = waitFor(replica);
        if (retryAfterMs > 0) return { kind: 'unclear', reason: 'left alone for now', retryAfterMs };
        replica.spent++;
        const depth = registry.verify === 'deep' ? 'deep' : 'manifest';
        const answer = await probe.ask(registry, region, repository, reference, depth, mediaTypes);
        telemetry.measure(probes, 1, { registry: registry.name, region, result: answer.kind });
        return learnFrom(replica, answer);
      } finally {
        endTurn(replica);
      }
    },
  };
}

/**
 * The time that stands for what a replica answered: compared with the times of events, which the registry stamps, so by
 * the replica's clock where it tells. Later than the replica looked, it would undo for ever what happened in between: a
 * delete after "there", a push after "not there". Earlier, it only leaves to the next question what happened in between;
 * so it is the start of the replica's second, and never after we asked, for a replica that answers slowly.
 */
export function seenAt(answer: ProbeAnswer, askedAt: number): EventTime {
  const { saidAt = askedAt } = answer.kind === 'unclear' ? {} : answer;
  return toEventTime(Math.min(askedAt, saidAt));
}

/**
 * What a replica's answer tells about a digest.
 * @returns `undefined` when it tells nothing: unclear, or there but not whole where the whole image is asked for
 */
export function toFact(
  registry: Registry,
  region: Region,
  answer: ProbeAnswer,
  askedAt: number,
  tag: Tag | undefined,
): Fact | undefined {
  if (answer.kind !== 'present' || (registry.verify === 'deep' && !answer.isWhole)) return undefined;
  const evidence: Evidence = registry.verify === 'deep' ? 'deepProbe' : 'probe';
  const { mediaType } = answer;
  const eventTime = seenAt(answer, askedAt);
  return { region, kind: 'push', eventTime, receivedAt: askedAt, evidence, tag, mediaType };
}
