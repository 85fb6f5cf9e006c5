/**
 * Makes a failing schedule smaller: leaves out commands, faults and delays as long as the same rule is still broken.
 */
import type { Rule } from './case.ts';
import type { Replacements } from './instance.ts';
import { planOf } from './plan.ts';
import type { Kept, Outcome } from './run-schedule.ts';
import { runSchedule } from './run-schedule.ts';

export interface Small {
  readonly kept: Kept;
  readonly outcome: Outcome;
  readonly runs: number;
}

/** @param maxRuns tries after which it is small enough */
export async function shrink(
  seed: number,
  rule: Rule,
  maxRuns: number,
  replacements: Replacements = {},
): Promise<Small> {
  let runs = 0;
  const run = (kept: Kept | undefined) => {
    runs++;
    return runSchedule(seed, { kept, replacements });
  };
  const first = await run(undefined);
  const commands = new Set(planOf(seed).commands.keys());
  let best: Small = { kept: { commands, choices: first.taken }, outcome: first, runs };

  async function attempt(kept: Kept): Promise<boolean> {
    const outcome = await run(kept);
    if (!outcome.violations.some((violation) => violation.rule === rule)) return false;
    const choices = new Set([...kept.choices].filter((name) => outcome.taken.has(name)));
    best = { kept: { commands: kept.commands, choices }, outcome, runs };
    return true;
  }

  /** Halves, then quarters, and so on down to single ones. */
  async function leaveOut<T>(all: () => readonly T[], keep: (omitted: ReadonlySet<T>) => Kept): Promise<void> {
    for (let size = all().length; size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from < all().length && runs < maxRuns; ) {
        const omitted = new Set(all().slice(from, from + size));
        if (!(await attempt(keep(omitted)))) from += size;
      }
    }
  }

  const leaveOutCommands = () =>
    leaveOut(
      () => [...best.kept.commands],
      (omitted) => ({ ...best.kept, commands: without(best.kept.commands, omitted) }),
    );
  const leaveOutChoices = () =>
    leaveOut(
      // Alike ones side by side, so that they go together.
      () => [...best.kept.choices].sort((a, b) => (kindOf(a) < kindOf(b) ? -1 : kindOf(a) > kindOf(b) ? 1 : 0)),
      (omitted) => ({ ...best.kept, choices: without(best.kept.choices, omitted) }),
    );
  for (let size = Number.POSITIVE_INFINITY; sizeOf(best) < size && runs < maxRuns; ) {
    size = sizeOf(best);
    await leaveOutCommands();
    await leaveOutChoices();
  }
  return { ...best, runs };
}

function without<T>(all: ReadonlySet<T>, omitted: ReadonlySet<T>): Set<T> {
  return new Set([...all].filter((one) => !omitted.has(one)));
}

function sizeOf({ kept }: Small): number {
  return kept.commands.size + kept.choices.size;
}

/** `there` of `b.store.commit#3 there`. */
function kindOf(name: string): string {
  return name.slice(name.lastIndexOf(' ') + 1);
}

/** One text that names what is kept, for `--path`. */
export function toPath({ commands, choices }: Kept): string {
  return `${[...commands].join(',')};${[...choices].join(',')}`;
}

export function parsePath(path: string): Kept {
  const [commands = '', choices = ''] = path.split(';');
  const parts = (text: string) => text.split(',').filter((part) => part !== '');
  return { commands: new Set(parts(commands).map(Number)), choices: new Set(parts(choices)) };
}
