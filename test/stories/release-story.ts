/** Calls about a release in a story: created, created again, revised, read and waited for by its name, deleted. */
import type { Step } from './plan.ts';
import type { Random } from './random.ts';
import { processes } from './world.ts';

export type ReleaseCalling = {
  readonly call: 'put' | 'get' | 'wait' | 'delete';
  /** The digests of a `put`. */
  readonly images: readonly string[];
  readonly timeoutSeconds: number;
  readonly process: number;
};

/** Changes follow each other at a distance; questions come at any time. */
export function releaseSteps(random: Random, digests: readonly string[], lengthMs: number): Step[] {
  const steps: Step[] = [];
  const long = lengthMs >= 20_000 ? 34 : 7;
  const call = (at: number, calling: Partial<ReleaseCalling>) => {
    const process = random.between(0, processes - 1);
    const release = { call: 'get', images: [], timeoutSeconds: 0, process, ...calling } as const;
    steps.push({ at, do: 'release', release });
  };
  const [a, b, c] = digests as [string, string, string];
  const madeAt = random.between(0, Math.round(lengthMs * 0.3));
  const gap = Math.round(lengthMs * 0.15);
  if (random.chance(0.3)) call(Math.max(0, madeAt - 300), { call: 'wait', timeoutSeconds: 2 });
  call(madeAt, { call: 'put', images: [a, b] });
  if (random.chance(0.6)) call(madeAt + gap, { call: 'put', images: [b, a, b] });
  const isRevised = random.chance(0.6);
  if (isRevised) call(madeAt + 2 * gap, { call: 'put', images: random.pick([[a], [a, b, c]]) });
  const isDeleted = random.chance(0.3);
  if (isDeleted) call(madeAt + 3 * gap, { call: 'delete' });
  if (isDeleted && random.chance(0.5)) call(madeAt + 4 * gap, { call: 'put', images: [b] });
  for (let count = 5; count > 0; count--) {
    call(random.between(madeAt, lengthMs), { call: 'wait', timeoutSeconds: random.pick([0, 3, 8, long]) });
    call(random.between(madeAt, lengthMs), { call: 'get' });
  }
  return steps;
}
