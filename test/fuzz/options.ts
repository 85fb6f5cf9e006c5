/** The command line of `npm run fuzz`, checked before anything starts. */
import { parseArgs } from 'node:util';

export interface FuzzOptions {
  readonly seed: number;
  readonly requests: number;
  readonly minutes: number | undefined;
  /** Part of a route: `/api/wait`. */
  readonly only: string | undefined;
  readonly resources: 'none' | 'some' | 'full';
  readonly format: 'text' | 'markdown' | 'json';
}

export const usage = `Usage: npm run fuzz -- [--requests N] [--minutes N] [--seed N] [--only ROUTE] [--resources none|some|full] [--json|--markdown]

  --requests   how many requests are sent (default: 20000)
  --minutes    ends after this time at the latest
  --seed       the same seed makes the same requests (default: a new one, which is printed)
  --only       only routes that contain this: /api/wait
  --resources  slow clients, half-open connections and waiters that leave: none (default), some, or full
  --json       one JSON object instead of tables
  --markdown   tables in Markdown
`;

const defaultRequests = 20_000;

/** @throws Error that says what is wrong with them */
export function readOptions(words: readonly string[]): FuzzOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seed: { type: 'string' },
      requests: { type: 'string' },
      minutes: { type: 'string' },
      only: { type: 'string' },
      resources: { type: 'string', default: 'none' },
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
    },
  });
  const { resources } = values;
  if (resources !== 'none' && resources !== 'some' && resources !== 'full')
    throw new Error(`--resources: must be none, some or full (got "${resources}")`);
  if (values.json && values.markdown) throw new Error('--json and --markdown: choose one of them');
  return {
    seed: readNumber('seed', values.seed) ?? newSeed(),
    // With a time alone the time ends it.
    requests: readNumber('requests', values.requests) ?? (values.minutes === undefined ? defaultRequests : 100_000_000),
    minutes: readNumber('minutes', values.minutes),
    only: values.only,
    resources,
    format: values.json ? 'json' : values.markdown ? 'markdown' : 'text',
  };
}

export function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

function readNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new Error(`--${name}: must be a number (got "${text}")`);
  return value;
}
