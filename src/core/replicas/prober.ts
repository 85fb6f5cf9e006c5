/**
 * Asks replicas, within limits. The registry sends a webhook only once; a probe finds what a lost webhook would have reported.
 * Each replica has a budget and pauses of its own: one that throttles or is down gets no requests for a while, and a missing
 * answer never counts as "absent".
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
import type { Semaphore } from '../runtime/semaphore.ts';
import { semaphore } from '../runtime/semaphore.ts';
import type { Telemetry } from '../runtime/telemetry.ts';
import { noTelemetry } from '../runtime/telemetry.ts';
import { probes } from './instruments.ts';
import type { ManifestProbe, ProbeAnswer } from './ports.ts';

export interface Prober {
  /** Whether this replica has an endpoint of its own. */
  canAsk(registry: Registry, region: Region): boolean;
  /**
   * `unclear` also during a pause of the replica; always with `retryAfterMs`.
   * @param mediaTypes from events
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
  /** Requests to one replica in `spanMs`. */
  readonly perSpan: number;
  readonly spanMs: number;
  /** Requests to one replica at the same time. */
  readonly atOnce: number;
}

/** 300 a minute is 3 % of what the registry allows one identity (facts: 10,000 a minute per replica). */
export const defaultBudget: ProbeBudget = { perSpan: 300, spanMs: 60_000, atOnce: 4 };

const firstPauseMs = 5_000;
const maxPauseMs = 300_000;
/** After an answer about an image that is not understood, which will hardly change soon. */
const imagePauseMs = 60_000;

interface Replica {
  spanStartedAt: number;
  spent: number;
  failures: number;
  pausedUntil: number;
  /** Of a hundred images that are due together, each sees the pause that an earlier answer set. */
  readonly requests: Semaphore;
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
    const requests = semaphore(budget.atOnce);
    const replica = replicas.get(key) ?? {
      spanStartedAt: clock.now(),
      spent: 0,
      failures: 0,
      pausedUntil: 0,
      requests,
    };
    replicas.set(key, replica);
    return replica;
  }

  /** @returns milliseconds until this replica may be asked; 0 for now */
  function waitFor(replica: Replica): number {
    const now = clock.now();
    if (now - replica.spanStartedAt >= budget.spanMs) {
      replica.spanStartedAt = now;
      replica.spent = 0;
    }
    if (replica.pausedUntil > now) return replica.pausedUntil - now;
    return replica.spent >= budget.perSpan ? replica.spanStartedAt + budget.spanMs - now : 0;
  }

  /** Sets the replica's pause by its answer. @returns the answer, with that pause where it is `unclear` */
  function applyAnswer(replica: Replica, answer: ProbeAnswer): ProbeAnswer {
    if (answer.kind !== 'unclear' || answer.scope === 'image') {
      replica.failures = 0;
      return answer.kind === 'unclear' ? { ...answer, retryAfterMs: imagePauseMs } : answer;
    }
    // Requests that failed while a pause is on met the same outage: it counts as one failure.
    const leftMs = replica.pausedUntil - clock.now();
    const ownMs = leftMs > 0 ? leftMs : backoff(replica.failures + 1, { firstMs: firstPauseMs, maxMs: maxPauseMs });
    const pauseMs = answer.retryAfterMs ?? ownMs;
    if (leftMs <= 0) replica.failures++;
    replica.pausedUntil = Math.max(replica.pausedUntil, clock.now() + pauseMs);
    return { ...answer, retryAfterMs: pauseMs };
  }

  return {
    canAsk: (registry, region) => probe !== undefined && regionalOrigin(registry, region) !== undefined,
    async ask(registry, region, repository, reference, mediaTypes) {
      if (probe === undefined) return { kind: 'unclear', reason: 'probing is off', retryAfterMs: maxPauseMs };
      const replica = replicaOf(registry, region);
      await replica.requests.acquire();
      try {
        const retryAfterMs = waitFor(replica);
        if (retryAfterMs > 0) return { kind: 'unclear', reason: 'left alone for now', retryAfterMs };
        replica.spent++;
        const depth = registry.verify === 'deep' ? 'deep' : 'manifest';
        const answer = await probe.ask(registry, region, repository, reference, depth, mediaTypes);
        telemetry.measure(probes, 1, { registry: registry.name, region, result: answer.kind });
        return applyAnswer(replica, answer);
      } finally {
        replica.requests.release();
      }
    },
  };
}

/**
 * The event time of a replica's answer. It is compared with times of events, which the registry stamps, so it is by the
 * replica's clock where the answer has a time. It must not be later than the moment of the answer: a delete after "present", or
 * a push after "absent", would then count as older and be ignored forever. If it is earlier, the next probe finds the change.
 * So it is the start of the second that the replica named, and never after the request was sent.
 */
export function seenAt(answer: ProbeAnswer, askedAt: number): EventTime {
  const { answeredAt = askedAt } = answer.kind === 'unclear' ? {} : answer;
  return toEventTime(Math.min(askedAt, answeredAt));
}

/**
 * The fact in a replica's answer about a digest.
 * @returns `undefined` when there is none: not present, or not whole where `verify` is `deep`
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
