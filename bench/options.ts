/** The command line of `npm run bench`, checked before anything starts, since a run takes minutes. */
import { parseArgs } from 'node:util';

/** The values of `--only`. */
export const partNames = [
  'tracker',
  'trips',
  'latency',
  'http',
  'bursts',
  'start',
  'alternatives',
  'growth',
  'waiters',
  'releases',
  'memory',
] as const;
export type PartName = (typeof partNames)[number];

/** The parameters of each part. */
export interface BenchOptions {
  /** Connection string of the storage. */
  readonly storage: string;
  readonly storagePid: number;
  readonly quick: boolean;
  /** Prints progress. */
  say(line: string): void;
}

export interface BenchArguments {
  readonly quick: boolean;
  readonly json: boolean;
  readonly write: boolean;
  readonly verbose: boolean;
  readonly parts: readonly PartName[];
}

export const usage = `Usage: npm run bench -- [--quick] [--json] [--write] [--verbose] [--only ${partNames.join(',')}]

  --quick    fewer rounds: a first impression in two minutes
  --json     one JSON object instead of tables
  --write    puts the tables into docs/figures.md, between the bench markers
  --verbose  shows each round on standard error
  --only     just these parts
`;

/** @throws Error that describes the fault */
export function readArguments(words: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  });
  const { only, ...flags } = values;
  return { ...flags, parts: only === undefined ? partNames : only.split(',').map(toPart) };
}

function toPart(text: string): PartName {
  const part = partNames.find((known) => known === text.trim());
  if (part === undefined) throw new Error(`--only: must be some of ${partNames.join(', ')} (got "${text}")`);
  return part;
}
