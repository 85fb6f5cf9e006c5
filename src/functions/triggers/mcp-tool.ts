/**
 * The availability document as a tool for language models: the same queries about one image or several, the same
 * parsing, the same answers. A faulty query gets an answer, too: from a failed call, the model learns nothing that it
 * could correct.
 */
import type { McpToolFunctionOptions } from '@azure/functions';
// Native modules cannot import these two by name: the package is one CommonJS bundle.
import functions from '@azure/functions';
import * as z from 'zod';
import { maxImages } from '../../core/query/several-images.ts';
import { describeError, UpstreamError } from '../../core/runtime/errors.ts';
import type { Tracker } from '../../core/tracker.ts';
import { imagesBody, maxBody, readAsked } from '../documents/several-images.ts';
import type { Query } from '../http/input.ts';
import { check } from '../http/input.ts';
import { badRequest, problemResponse, upstreamProblem } from '../http/problem.ts';
import { readQuestion, readRequirement } from '../http/question.ts';

const { McpTextContent, McpToolResponse } = functions;

const description =
  'Says in which regions of a geo-replicated Azure Container Registry an image is, and whether it may be pulled from ' +
  'all of them yet ("satisfied"; "missing" names the regions that lack it). Give "image" for one image, or "images" for ' +
  'several: then the answer has one "satisfied", "state" and "missing" for all together, and the document of each.';

const toolProperties = [
  {
    propertyName: 'image',
    propertyType: 'string',
    description: 'An image reference, such as myregistry.azurecr.io/team/app:v1, with a tag, a digest or both.',
    isRequired: false,
  },
  {
    propertyName: 'images',
    propertyType: 'string',
    isArray: true,
    description: `Instead of "image": 1 to ${maxImages} image references, which are answered about together.`,
    isRequired: false,
  },
  {
    propertyName: 'regions',
    propertyType: 'string',
    description: 'Regions that must have it, separated by commas, such as eastus,westeurope. Default: all replicas.',
    isRequired: false,
  },
  {
    propertyName: 'require',
    propertyType: 'string',
    description: 'How many of these regions must have it: "all" (default), "any" or a number.',
    isRequired: false,
  },
  {
    propertyName: 'artifacts',
    propertyType: 'string',
    description:
      'What must be attached to it and be there as well, separated by commas: signature, sbom, attestation, or artifact types.',
    isRequired: false,
  },
  {
    propertyName: 'platforms',
    propertyType: 'string',
    description: 'Of an index, the platforms that must be there, separated by commas: linux/amd64,linux/arm64.',
    isRequired: false,
  },
];

/** The arguments from the host that are used. Models send lists and numbers where strings are described. */
const word = z.union([z.string(), z.number(), z.array(z.string())]).transform(String);
const call = z.object({ arguments: z.record(z.string(), word.optional().catch(undefined)).default({}) });

export function imageAvailabilityTool(tracker: Tracker): McpToolFunctionOptions<unknown> {
  return {
    toolName: 'image_availability',
    description,
    toolProperties,
    handler: async function answerModel(input, context) {
      const { arguments: given } = call.parse(input);
      // A model without a value for an argument often sends an empty string.
      const query: Query = (name) => (given[name] === '' ? undefined : given[name]);
      try {
        return await answer(query, tracker);
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        context.warn(`image_availability failed: ${describeError(error)}`);
        return toText(upstreamProblem(error).body);
      }
    },
  };
}

async function answer(query: Query, tracker: Tracker) {
  const images = query('images');
  if (images !== undefined) return answerSeveral(images, query, tracker);
  const question = readQuestion(query, tracker);
  if ('refusal' in question) return toText(question.refusal.body);
  const requirement = await readRequirement(query, question.value.registry, tracker);
  if ('refusal' in requirement) return toText(requirement.refusal.body);
  return toResponse(await tracker.answer(question.value, requirement.value));
}

/**
 * Within the limits of `POST /api/availability`.
 * @param images separated by commas or line breaks
 */
async function answerSeveral(images: string, query: Query, tracker: Tracker) {
  if (query('image') !== undefined) {
    return toText(badRequest([{ field: 'image', reason: 'must be left out where images is given' }]).body);
  }
  if (images.length > maxBody) {
    return toText(problemResponse(413, `The images may have at most ${maxBody} characters.`).body);
  }
  const given = ['regions', 'require', 'artifacts', 'platforms'].map((name) => [name, query(name)]);
  const input = check(imagesBody, { images, ...Object.fromEntries(given) });
  if ('refusal' in input) return toText(input.refusal.body);
  const asked = await readAsked(input.value, tracker);
  if ('refusal' in asked) return toText(asked.refusal.body);
  return toResponse((await tracker.answerAll(asked.value)).document);
}

function toResponse(document: object) {
  return new McpToolResponse({ content: [toText(JSON.stringify(document))], structuredContent: document });
}

function toText(body: unknown) {
  return new McpTextContent(String(body));
}
