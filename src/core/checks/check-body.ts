/**
 * The part of a request that people write: which image, where, how many, how long. The same in the body of an Azure
 * Pipelines check and in the payload of a GitHub deployment; what else is in there is somebody else's.
 */
import * as z from 'zod';
import type { Parsed } from '../parsed.ts';
import { parsed } from '../parsed.ts';
import { readAs } from '../read-as.ts';
import { defaultTimeoutSeconds, longestTimeoutSeconds } from './check.ts';

/** What was sent empty is `undefined`, too: a pipeline's variable that was not set arrives as an empty text. */
export interface CheckBody {
  readonly image: string | undefined;
  /** Comma-separated. */
  readonly regions: string | undefined;
  readonly require: string | undefined;
  readonly timeoutMs: number;
}

const timeoutRule = `must be a number of seconds from 0 to ${longestTimeoutSeconds}`;
// A pipeline's variables arrive as text, wherever they stand.
const seconds = z.union(
  [
    z.number(),
    z
      .string()
      .regex(/^\d{0,6}$/)
      .transform((text) => (text === '' ? defaultTimeoutSeconds : Number(text))),
  ],
  timeoutRule,
);

export const checkBody = z.object(
  {
    image: z.string('must be an image reference, as text').nullish(),
    regions: z
      .union([z.string(), z.array(z.string()).max(200)], 'must be regions, as text with commas or as a list of texts')
      .nullish(),
    require: z.union([z.string(), z.number()], 'must be "all", "any" or a number').nullish(),
    timeout: seconds.refine((value) => value >= 0 && value <= longestTimeoutSeconds, timeoutRule).nullish(),
  },
  'must be a JSON object',
);

export function parseCheckBody(value: unknown, prefix = ''): Parsed<CheckBody> {
  const read = readAs(checkBody, value, prefix);
  if (!read.ok) return read;
  const { image, regions, require, timeout } = read.value;
  return parsed({
    image: given(image),
    regions: given(typeof regions === 'object' ? regions?.join(',') : regions),
    require: given(require?.toString()),
    timeoutMs: (timeout ?? defaultTimeoutSeconds) * 1_000,
  });
}

function given(text: string | null | undefined): string | undefined {
  return text === '' ? undefined : (text ?? undefined);
}
