/**
 * Floor, subject, floor, subject …: each subject is compared with the floors before and after it, so that disturbances
 * of the machine affect both. The median of all rounds is reported.
 */
import { cpuSpent } from './cpu.ts';
import { mean, median, quantile } from './statistics.ts';

/** A measured piece of work. */
export interface Work {
  /** Per second. */
  readonly rate: number;
  /** Processor time per item, microseconds. */
  readonly cpu: number;
}

export interface Rounds {
  /** Multiple of the floor: the median, the lowest and the highest of the rounds. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  /** Processor time, as a multiple of the floor's. */
  readonly cpu: number;
  readonly rate: number;
  readonly floorRate: number;
}

export async function measured(items: number, storagePid: number, work: () => Promise<unknown>): Promise<Work> {
  const cpuBefore = cpuSpent(storagePid);
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1_000;
  return { rate: items / seconds, cpu: (cpuSpent(storagePid) - cpuBefore) / items };
}

/** @param warmups first rounds that do not count: code is compiled and caches fill */
export async function alternate(input: {
  readonly rounds: number;
  readonly warmups: number;
  floor(): Promise<Work>;
  subject(round: number): Promise<Work>;
  say(line: string): void;
}): Promise<Rounds> {
  const floors: Work[] = [await input.floor()];
  const subjects: Work[] = [];
  for (let round = 0; round < input.warmups + input.rounds; round++) {
    const subject = await input.subject(round);
    const floor = await input.floor();
    input.say(`  floor ${floors.at(-1)?.rate.toFixed(0)}, subject ${subject.rate.toFixed(0)} per second`);
    subjects.push(subject);
    floors.push(floor);
  }
  const counted = subjects.map((subject, round) => {
    const around = floors.slice(round, round + 2);
    return { subject, rate: mean(around.map((one) => one.rate)), cpu: mean(around.map((one) => one.cpu)) };
  });
  const kept = counted.slice(input.warmups);
  const ratios = kept.map(({ subject, rate }) => subject.rate / rate);
  return {
    ratio: median(ratios),
    low: quantile(ratios, 0),
    high: quantile(ratios, 1),
    cpu: median(kept.map(({ subject, cpu }) => subject.cpu / cpu)),
    rate: Math.round(median(kept.map(({ subject }) => subject.rate))),
    floorRate: Math.round(median(kept.map(({ rate }) => rate))),
  };
}
