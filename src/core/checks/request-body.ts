/**
 * The part of a request that people write: which images, where, how many, how long. It is the same in the body of an Azure
 * Pipelines check and in the payload of a GitHub deployment. Other fields are ignored.
 */
import * as z from 'zod';
import { parseReference } from '../model/reference.ts';
import { maxImages, splitImages } from '../query/several-images.ts';
import { parseReleaseName, releaseNameRule } from '../releases/release.ts';
import type { FieldProblem, Parsed } from '../runtime/parsed.ts';
import { parsed, problem, quote } from '../runtime/parsed.ts';
import { readAs } from '../runtime/validation.ts';
import { defaultTimeoutSeconds, maxTimeoutSeconds } from './check.ts';

/**
 * An empty text is `undefined` as well: a pipeline variable that was not set arrives as an empty text. No value has white space
 * around it.
 */
export interface CheckBody {
  /** Valid references, each text once: those of `image` first, then those of `images`. Empty where neither was given. */
  readonly images: readonly string[];
  /** Instead of images, regions and `require`. */
  readonly release: string | undefined;
  /** Separated by commas or line breaks. */
  readonly regions: string | undefined;
  readonly require: string | undefined;
  /** Separated by commas or line breaks. */
  readonly artifacts?: string | undefined;
  /** Separated by commas or line breaks. */
  readonly platforms?: string | undefined;
  readonly timeoutMs: number;
}

const maxProblems = 10;
const countRule = `must name 1 to ${maxImages} images`;
const imagesRule = 'must be a list of image references, or a text with commas or white space between them';
const timeoutRule = `must be a number of seconds from 0 to ${maxTimeoutSeconds}`;
// Pipeline variables always arrive as text.
const seconds = z.union(
  [
    z.number(),
    z
      .string()
      .trim()
      .regex(/^\d{0,6}$/)
      .transform((text) => (text === '' ? defaultTimeoutSeconds : Number(text))),
  ],
  timeoutRule,
);

export const checkBody = z.object(
  {
    image: z.string('must be an image reference, as text').nullish(),
    images: z
      .union([z.array(z.string('must be an image reference, as text')), z.string()], imagesRule)
      .nullish()
      .meta({ description: `1 to ${maxImages} images that are all waited for, as a list or as a text.` }),
    release: z
      .string('must be the name of a release, as text')
      .nullish()
      .meta({ description: 'A release by name, instead of images and their requirement.' }),
    regions: z
      .union(
        [z.string(), z.array(z.string()).max(200)],
        'must be regions, as text with commas or line breaks, or as a list of texts',
      )
      .nullish(),
    artifacts: z
      .union([z.string(), z.array(z.string()).max(20)], 'must be kinds of artifacts, as text with commas or as a list')
      .nullish(),
    platforms: z
      .union([z.string(), z.array(z.string()).max(20)], 'must be platforms, as text with commas or as a list')
      .nullish()
      .meta({ description: 'Of an index, only the manifests of these platforms are waited for.' }),
    require: z.union([z.string(), z.number()], 'must be "all", "any" or a number').nullish(),
    timeout: seconds.refine((value) => value >= 0 && value <= maxTimeoutSeconds, timeoutRule).nullish(),
  },
  'must be a JSON object',
);

export function parseCheckBody(value: unknown, prefix = ''): Parsed<CheckBody> {
  const read = readAs(checkBody, value, prefix);
  if (!read.ok) return read;
  const { require, timeout } = read.value;
  const [regions, artifacts, platforms] = [read.value.regions, read.value.artifacts, read.value.platforms].map((list) =>
    given(typeof list === 'object' ? list?.join(',') : list),
  );
  const images = parseImages(read.value, prefix);
  if (!images.ok) return images;
  const asked = {
    images: images.value,
    release: given(read.value.release),
    regions,
    require: given(require?.toString()),
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(platforms === undefined ? {} : { platforms }),
  };
  const reason = asked.release === undefined ? undefined : faultOfRelease({ ...asked, release: asked.release });
  if (reason !== undefined) return problem(`${prefix}release`, reason);
  return parsed({
    ...asked,
    timeoutMs: (timeout ?? defaultTimeoutSeconds) * 1_000,
  });
}

function parseImages({ image, images }: z.output<typeof checkBody>, prefix: string): Parsed<readonly string[]> {
  const named = [
    ...splitImages(image ?? '').map((text) => ({ text, field: `${prefix}image` })),
    ...splitImages(images ?? '').map((text, i) => ({ text, field: `${prefix}images[${i}]` })),
  ];
  const texts = [...new Set(named.map(({ text }) => text))];
  const problems: FieldProblem[] = named.flatMap(({ text, field }) => {
    const reference = parseReference(text, field);
    return reference.ok ? [] : reference.problems;
  });
  // An empty list is not an unset variable: the step that made it found no image, and the check must not succeed by that.
  const isEmptyList = typeof images === 'object' && images?.length === 0;
  if (isEmptyList || texts.length > maxImages) problems.push({ field: `${prefix}images`, reason: countRule });
  return problems.length === 0 ? parsed(texts) : { ok: false, problems: problems.slice(0, maxProblems) };
}

/** A release names its images and their requirement itself. */
function faultOfRelease(asked: Omit<CheckBody, 'timeoutMs'> & { release: string }) {
  const { images, release, regions, require, artifacts, platforms } = asked;
  if (parseReleaseName(release) === undefined) return `${releaseNameRule} (got ${quote(release)})`;
  if (images.length > 0) return 'names its own images: leave out image and images';
  if ((regions ?? require ?? artifacts ?? platforms) !== undefined)
    return 'has its own regions, require, artifacts and platforms: leave them out';
  return undefined;
}

function given(text: string | null | undefined): string | undefined {
  return text?.trim() || undefined;
}
