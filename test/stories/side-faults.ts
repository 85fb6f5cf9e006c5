/**
 * Faults other than those of webhooks: of replicas, of Azure Resource Manager, and of a process that answers from its
 * cache.
 */

import type { BatchPlan, Step } from './plan.ts';
import type { Random } from './random.ts';
import type { RegistryAction } from './registry-actions.ts';
import { processes, regions } from './world.ts';

/** What the replicas really hold, in the order in which it happens. */
export function contents(random: Random, repository: string, actions: readonly RegistryAction[]): Step[] {
  return regions.flatMap((region) => {
    const holds: Record<string, string> = {};
    return actions.map(({ at, action, digest, tag }): Step => {
      if (action === 'push' && digest !== null) {
        holds[`${repository}@${digest}`] = digest;
        if (tag !== null) holds[`${repository}:${tag}`] = digest;
      } else if (action === 'delete') {
        for (const [key, held] of Object.entries(holds)) if (held === digest) delete holds[key];
      } else if (action === 'untag') delete holds[`${repository}:${tag}`];
      // Before any report of it: a webhook fires when the manifest is there.
      return { at: Math.max(0, at) - 1 + random.next() / 2, do: 'content', region, holds: { ...holds } };
    });
  });
}

export function endpointFaults(random: Random, lengthMs: number): Step[] {
  return regions.flatMap((region): Step[] => {
    const from = random.between(0, Math.round(lengthMs * 0.4));
    const fault = random.pick([
      'html404',
      'html404',
      'unauthorized',
      'throttled',
      'error',
      'hanging',
      undefined,
    ] as const);
    return [
      { at: from, do: 'endpoint', region, fault },
      { at: from + random.between(3_000, Math.round(lengthMs * 0.5)), do: 'endpoint', region, fault: undefined },
    ];
  });
}

export function armFaults(random: Random, story: number, lengthMs: number, digests: readonly string[]): Step[] {
  const from = random.between(500, Math.round(lengthMs * 0.3));
  const fault = random.pick(['lacks', 'empty', 'repeats', 'failed', 'getNotFound', 'unavailable', 'hanging'] as const);
  const steps: Step[] = [
    { at: from, do: 'arm', fault },
    { at: from + Math.round(lengthMs * 0.6), do: 'arm', fault: undefined },
  ];
  const nudges = [from + 500, from + Math.round(lengthMs * 0.3)].flatMap((at) =>
    nudge(story, at, digests[2] as string),
  );
  return [...steps, ...nudges];
}

/** A report of an unexpected region makes every process read the replicas from Azure Resource Manager again. */
function nudge(story: number, at: number, digest: string): Step[] {
  return Array.from({ length: processes }, (_, process): Step => {
    const id = `story-${story}-nudge-${process}-${at}`;
    const report = { region: 'koreacentral', action: 'push', digest, tag: null, round: 1, id, process } as const;
    return { at: at + process, do: 'report', report, eventMs: at + process };
  });
}

/** The registry gets its first replica. */
export function growth(random: Random, story: number, at: number, digests: readonly string[]): Step[] {
  const steps: Step[] = [
    // Read again before and after: a registry without replicas is not one that lost them.
    ...nudge(story, Math.round(at * 0.3), digests[2] as string),
    ...nudge(story, Math.round(at * 0.7), digests[2] as string),
    { at, do: 'replica', region: 'westeurope' },
  ];
  for (const [i, digest] of digests.slice(0, random.between(1, 2)).entries()) {
    for (let process = 0; process < processes; process++) {
      const when = at + 1_000 + 700 * i + 300 * process;
      const report = {
        region: 'westeurope',
        action: 'push' as const,
        digest,
        tag: 'v1',
        round: i + 1,
        id: `story-${story}-new-${i}`,
        process,
      };
      steps.push({ at: when, do: 'report', report, eventMs: at + i });
    }
  }
  return steps;
}

/** A process with a waiting client loses the storage, and then an image is deleted. */
export function cachedAnswer(random: Random, { cut }: BatchPlan, digest: string, story: number): Step[] {
  const other = (cut.process + 1) % processes;
  const report = (at: number, action: 'push' | 'delete', region: string): Step => ({
    at,
    do: 'report',
    report: {
      region,
      action,
      digest,
      tag: null,
      round: action === 'push' ? 1 : 0,
      id: `story-${story}-${action}-${region}`,
      process: other,
    },
    eventMs: at,
  });
  const ask = (at: number, asked: readonly string[], timeoutSeconds: number): Step => ({
    at,
    do: 'ask',
    question: {
      route: 'wait',
      tag: null,
      digest,
      regions: asked,
      require: 'all',
      timeoutSeconds,
      process: cut.process,
    },
  });
  const [one, two, three] = random.shuffle(regions) as [string, string, string];
  return [
    report(0, 'push', one),
    report(10, 'push', two),
    ask(cut.from - 1_500, [one, three], 30),
    ask(cut.from - 1_000, [one], 2),
    report(cut.from + 1_000, 'delete', one),
    ask(cut.from + 2_500, [one], 2),
    ask(cut.from + 3_000, [two], 2),
    ask(cut.until - 1_000, [one], 3),
  ];
}
