/** The command line of `npm run chaos`, checked before anything starts. */
import { parseArgs } from 'node:util';

export interface ChaosOptions {
  /** How long images are pushed and parts are disturbed; the last questions and the check come after that. */
  readonly seconds: number;
  readonly seed: number;
  readonly processes: number;
  readonly regions: number;
  readonly imagesPerSecond: number;
  /** How long the app may take at the end to find by probing what no webhook event reported, and to publish it. */
  readonly settleSeconds: number;
  /** Makes all queue messages visible at the end, also those whose time has not come. */
  readonly skipsDelays: boolean;
}

export interface ChaosArguments extends ChaosOptions {
  readonly json: boolean;
  readonly markdown: boolean;
  readonly verbose: boolean;
}

export const usage = `Usage: npm run chaos -- [--minutes N] [--seed N] [--processes N] [--regions N] [--images-per-second N]
                        [--json] [--markdown] [--verbose]

  --minutes            how long images are pushed and parts are disturbed (default: 2); the check takes two minutes more
  --seed               determines what is pushed and disturbed when (default: a new one). Two runs of one seed are not
                       identical: the processes and the clock are real
  --processes          app processes on the one storage (default: 3)
  --regions            replicas of the registry (default: 3 to 5, by the seed)
  --images-per-second  pushes, on average (default: 1)
  --json, --markdown   the figures as one JSON object, or as a Markdown table
  --verbose            prints on standard error what happens, with times
`;

/** @throws Error that says what is wrong with them */
export function readArguments(words: readonly string[], freshSeed: number): ChaosArguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string', default: String(freshSeed) },
      processes: { type: 'string', default: '3' },
      regions: { type: 'string' },
      'images-per-second': { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
    },
  });
  const { json, markdown, verbose } = values;
  const seed = readNumber('--seed', values.seed, 0, 4_294_967_295);
  const seconds = readNumber('--minutes', values.minutes, 0.1, 1_440) * 60;
  return {
    ...{ seed, json, markdown, verbose },
    seconds,
    processes: readNumber('--processes', values.processes, 1, 20),
    regions: values.regions === undefined ? 3 + (seed % 3) : readNumber('--regions', values.regions, 1, 5),
    imagesPerSecond: readNumber('--images-per-second', values['images-per-second'], 0.1, 50),
    // What failed is tried again after a pause that is at most as long as the image is old.
    settleSeconds: seconds + 150,
    skipsDelays: false,
  };
}

function readNumber(name: string, text: string, low: number, high: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= low && value <= high) return value;
  throw new Error(`${name}: must be a number from ${low} to ${high} (got "${text}")`);
}
