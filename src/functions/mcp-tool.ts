/**
 * The availability document as a tool for language models: the same question, the same parsing, the same answer. What is
 * wrong with a question is an answer, too: a failed call would tell the model nothing it could mend.
 */
import type { McpToolFunctionOptions } from '@azure/functions';
// By name these two do not exist for native modules: the package is one CommonJS bundle.
import functions from '@azure/functions';
import * as z from 'zod';
import { describeError, WorldError } from '../core/errors.ts';
import type { Tracker } from '../core/tracker.ts';
import type { Query } from './input.ts';
import { worldProblem } from './problem.ts';
import { readQuestion, readRequirement } from './question.ts';

const { McpTextContent, McpToolResponse } = functions;

const description =
  'Tells in which regions of a geo-replicated Azure Container Registry an image is, and whether it may be pulled from ' +
  'all of them yet ("satisfied"; "missing" names the regions that lack it).';

const toolProperties = [
  {
    propertyName: 'image',
    propertyType: 'string',
    description: 'An image reference, such as myregistry.azurecr.io/team/app:v1, with a tag, a digest or both.',
    isRequired: true,
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
];

/** What the host hands over, as far as it is used. Models send lists and numbers where texts are described. */
const word = z.union([z.string(), z.number(), z.array(z.string())]).transform(String);
const call = z.object({ arguments: z.record(z.string(), word.optional().catch(undefined)).default({}) });

export function imageAvailabilityTool(tracker: Tracker): McpToolFunctionOptions<unknown> {
  return {
    toolName: 'image_availability',
    description,
    toolProperties,
    handler: async function answerModel(input, context) {
      const { arguments: given } = call.parse(input);
      // A model that has nothing to say about a field often sends an empty text.
      const query: Query = (name) => (given[name] === '' ? undefined : given[name]);
      try {
        return await answer(query, tracker);
      } catch (error) {
        if (!(error instanceof WorldError)) throw error;
        context.warn(`image_availability failed: ${describeError(error)}`);
        return toText(worldProblem(error).body);
      }
    },
  };
}

async function answer(query: Query, tracker: Tracker) {
  const question = readQuestion(query, tracker);
  if ('refusal' in question) return toText(question.refusal.body);
  const requirement = await readRequirement(query, question.value.registry, tracker);
  if ('refusal' in requirement) return toText(requirement.refusal.body);
  const document = await tracker.answer(question.value, requirement.value);
  return new McpToolResponse({ content: [toText(JSON.stringify(document))], structuredContent: document });
}

function toText(body: unknown) {
  return new McpTextContent(String(body));
}
