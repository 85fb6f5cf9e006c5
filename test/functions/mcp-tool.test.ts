import functions from '@azure/functions';
import { describe, expect, test } from 'vitest';
import { WorldError } from '../../src/core/errors.ts';
import { availabilityFunction } from '../../src/functions/availability.ts';
import { imageAvailabilityTool } from '../../src/functions/mcp-tool.ts';
import { digestOf, registryOf } from '../support/build.ts';
import { call } from '../support/call.ts';
import type { MemoryTracker } from '../support/memory-tracker.ts';
import { memoryTracker } from '../support/memory-tracker.ts';
import { bodyOf, deliver } from '../support/webhook.ts';

const image = `contoso.azurecr.io/team/app@${digestOf(1)}`;

interface Result {
  readonly text: string;
  readonly structured: unknown;
  readonly log: readonly string[];
}

async function use(memory: Pick<MemoryTracker, 'tracker'>, input: unknown): Promise<Result> {
  const log: string[] = [];
  const context = new functions.InvocationContext({
    functionName: 'imageAvailability',
    logHandler: (_level, ...words) => void log.push(words.join(' ')),
  });
  const result = await imageAvailabilityTool(memory.tracker).handler(input, context);
  if (result instanceof functions.McpTextContent) return { text: result.text, structured: undefined, log };
  expect(result).toBeInstanceOf(functions.McpToolResponse);
  const { content, structuredContent } = result as InstanceType<typeof functions.McpToolResponse>;
  const [first] = content as InstanceType<typeof functions.McpTextContent>[];
  return { text: first?.text ?? '', structured: structuredContent, log };
}

const asked = (given: object) => ({
  name: 'image_availability',
  arguments: given,
  transport: { name: 'http-streamable' },
});

async function told() {
  const memory = memoryTracker();
  await deliver(memory, 'eastus', bodyOf({ target: { tag: 'v1' } }));
  return memory;
}

test('the tool is described: what it is for, and each of its arguments', () => {
  const { toolName, description, toolProperties } = imageAvailabilityTool(memoryTracker().tracker);
  expect(toolName).toBe('image_availability');
  expect(description).toMatch(/may be pulled/);
  expect(toolProperties).toMatchObject([
    { propertyName: 'image', isRequired: true },
    { propertyName: 'regions', isRequired: false },
    { propertyName: 'require', isRequired: false },
  ]);
  for (const property of Object.values(toolProperties ?? [])) {
    expect(property).toMatchObject({ propertyType: 'string', description: expect.stringMatching(/\w/) });
  }
});

describe('the answer', () => {
  test.each<[object, string]>([
    [{ image }, ''],
    [{ image: 'contoso.azurecr.io/team/app:v1' }, ''],
    [{ image, regions: 'eastus' }, '&regions=eastus'],
    [{ image, regions: ['eastus', 'westeurope'], require: 1 }, '&regions=eastus,westeurope&require=1'],
    [{ image, require: 'any', regions: '' }, '&require=any'],
    [{ image, unheardOf: { deep: true } }, ''],
  ])('to %j is the document that the route gives', async (given, query) => {
    const memory = await told();
    const { text, structured } = await use(memory, asked(given));
    const path = `availability?image=${(given as { image: string }).image}${query}`;
    const { body } = await call(availabilityFunction(memory.tracker), { path });
    expect(JSON.parse(text)).toEqual(body);
    expect(structured).toEqual(body);
  });

  test.each<[string, unknown, object]>([
    ['no arguments', { name: 'image_availability' }, { status: 400, errors: [{ field: 'image' }] }],
    ['an empty image', asked({ image: '' }), { status: 400, errors: [{ field: 'image' }] }],
    ['no reference', asked({ image: 'https://x' }), { status: 400, errors: [{ field: 'image' }] }],
    ['an unknown registry', asked({ image: 'fabrikam.azurecr.io/app' }), { status: 404 }],
    ['an unknown region', asked({ image, regions: 'mars' }), { status: 400, errors: [{ field: 'regions' }] }],
    ['too many', asked({ image, require: 9 }), { status: 400, errors: [{ field: 'require' }] }],
  ])('to %s says what is wrong, for the model to mend', async (_what, input, problem) => {
    const { text, structured } = await use(await told(), input);
    expect(JSON.parse(text)).toMatchObject(problem);
    expect(structured).toBeUndefined();
  });

  test('without known replicas says so', async () => {
    const memory = memoryTracker({ registries: [registryOf({ regions: [] })] });
    expect(JSON.parse((await use(memory, asked({ image }))).text)).toMatchObject({ status: 503 });
  });

  test('while the storage is away says so, and the cause goes to the log', async () => {
    const { store } = memoryTracker();
    const read = () => Promise.reject(new WorldError('unavailable', 'table ReplicationImages'));
    const { text, log } = await use(memoryTracker({ ports: { store: { ...store, read } } }), asked({ image }));
    expect(JSON.parse(text)).toMatchObject({ status: 503 });
    expect(text).not.toContain('ReplicationImages');
    expect(log.join()).toContain('ReplicationImages');
  });

  test('anything else fails, as it should', async () => {
    const { store } = memoryTracker();
    const read = () => Promise.reject(new TypeError('a fault of ours'));
    await expect(use(memoryTracker({ ports: { store: { ...store, read } } }), asked({ image }))).rejects.toThrow(
      'ours',
    );
  });
});
