/** Reads a query about several images, all with the same requirement, from a request body. */
import type { HttpRequest } from '@azure/functions';
import * as z from 'zod';
import { checkBody } from '../../core/checks/request-body.ts';
import type { Asked } from '../../core/query/ask.ts';
import { parseParts, resolveImage } from '../../core/query/resolve-image.ts';
import { maxImages, maxReferences, splitImages, withoutRepeats } from '../../core/query/several-images.ts';
import type { Tracker } from '../../core/tracker.ts';
import type { Read } from '../http/input.ts';
import { check } from '../http/input.ts';
import { readJsonBody } from '../http/json-body.ts';
import { badRequest } from '../http/problem.ts';
import { readRequirement, unknownRegistry } from '../http/question.ts';
import { named } from '../http/route.ts';
import { availabilityDocument } from './availability-document.ts';

export const maxBody = 256 * 1024;
const maxProblems = 10;

const imagesRule = 'must be a list of image references, or a text with commas or line breaks between them';
const countRule = `must name 1 to ${maxImages} images`;
const referencesRule = `must have at most ${maxReferences} references, with repeats`;

export const imagesBody = z.object(
  {
    images: z
      .union(
        [
          z.array(z.string('must be an image reference, as text')).meta({ minItems: 1, maxItems: maxReferences }),
          z.string(),
        ],
        imagesRule,
      )
      .meta({
        description: `1 to ${maxImages} images, as a list or as a text with commas or line breaks. Repeats count once; at most ${maxReferences} references in all.`,
      }),
    regions: checkBody.shape.regions.meta({ description: 'Regions that must have each. Default: all expected.' }),
    platforms: z
      .union([z.string(), z.array(z.string())], 'must be platforms, as text with commas or as a list')
      .nullish()
      .meta({
        description: 'Of an index, only the manifests of these platforms are waited for, such as `linux/arm64`.',
      }),
    artifacts: checkBody.shape.artifacts.meta({
      description: 'What must be attached to each: `signature`, `sbom`, `attestation`, or artifact types.',
    }),
    require: checkBody.shape.require.meta({ description: 'How many of these regions: `all`, `any` or a number.' }),
  },
  'must be a JSON object',
);

const entry = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.object({ image: z.string().describe('As in `images`.'), ...shape });

export const severalDocument = named('SeveralImagesDocument', () =>
  z.object({
    satisfied: z.boolean().describe('Whether every image is where it must be.'),
    state: availabilityDocument().shape.state.describe(
      'The least advanced of the images: `deleted`, `unknown`, `deleting`, `replicating`, `available`.',
    ),
    requirement: z.object({
      regions: z.array(z.string()).describe('Of all images together.'),
      require: availabilityDocument().shape.requirement.shape.require,
    }),
    missing: z
      .array(entry({ regions: z.array(z.string()) }))
      .describe('Images that some required region does not have.'),
    ended: z
      .array(entry({ outcome: z.enum(['deleted', 'superseded']) }))
      .describe('Images that were deleted everywhere, or whose tag points at a newer digest.'),
    images: z.array(availabilityDocument()).describe('In the order asked, each once.'),
  }),
);

/** @param schema of the whole body, including at least the fields of `imagesBody` */
export async function readImagesBody<S extends typeof imagesBody>(
  request: HttpRequest,
  schema: S,
  tracker: Tracker,
): Promise<Read<{ readonly input: z.output<S>; readonly asked: readonly Asked[] }>> {
  const sent = await readJsonBody(request, maxBody, 'the question such as {"images": ["…"]}');
  if ('refusal' in sent) return sent;
  const input = check(schema, sent.value);
  if ('refusal' in input) return input;
  const asked = await readAsked(input.value, tracker);
  return 'refusal' in asked ? asked : { value: { input: input.value, asked: asked.value } };
}

/** @param input the output of `imagesBody` */
export async function readAsked(
  { images: named, regions, require, artifacts, platforms }: z.output<typeof imagesBody>,
  tracker: Tracker,
): Promise<Read<Asked[]>> {
  const texts = splitImages(named);
  const parts = parseParts(asOneText(artifacts), asOneText(platforms));
  if (!parts.ok) return { refusal: badRequest(parts.problems) };
  if (texts.length < 1) return refused(countRule);
  if (texts.length > maxReferences) return refused(referencesRule);
  const resolved = texts.map((text, i) => resolveImage(text, tracker.registries, `images[${i}]`));
  const problems = resolved.flatMap((one) => (one.kind === 'invalid' ? one.problems : []));
  if (problems.length > 0) return { refusal: badRequest(problems.slice(0, maxProblems)) };

  const query = { regions: asOneText(regions), require: require?.toString() };
  const required = (name: string) => query[name as keyof typeof query] ?? undefined;
  const asked: Asked[] = [];
  for (const one of resolved) {
    if (one.kind === 'invalid') continue;
    if (one.kind === 'untracked') return { refusal: unknownRegistry(one.host, tracker) };
    const { registry } = one.image;
    const known = asked.find(({ question }) => question.registry === registry);
    const requirement =
      known === undefined ? await readRequirement(required, registry, tracker) : { value: known.requirement };
    if ('refusal' in requirement) return requirement;
    asked.push({ question: { ...one.image, ...parts.value }, requirement: requirement.value });
  }
  const images = withoutRepeats(asked);
  return images.length > maxImages ? refused(countRule) : { value: images };
}

function refused(reason: string): Read<never> {
  return { refusal: badRequest([{ field: 'images', reason }]) };
}

function asOneText(list: string | readonly string[] | null | undefined): string | undefined {
  return (typeof list === 'object' ? list?.join(',') : list) ?? undefined;
}
