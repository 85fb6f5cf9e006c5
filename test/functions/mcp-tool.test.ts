import functions from '@azure/functions';
import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { availabilityFunction } from '../../src/functions/api/availability.ts';
import { availabilityOfImagesFunction } from '../../src/functions/api/availability-of-images.ts';
import { imageAvailabilityTool } from '../../src/functions/triggers/mcp-tool.ts';
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

async function trackerWithImage() {
  const memory = memoryTracker();
  await deliver(memory, 'eastus', bodyOf({ target: { tag: 'v1' } }));
  return memory;
}

test('the tool is described: what it is for, and each of its arguments', () => {
  const { toolName, description, toolProperties } = imageAvailabilityTool(memoryTracker().tracker);
  expect(toolName).toBe('image_availability');
  expect(description).toMatch(/may be pulled/);
  expect(toolProperties).toMatchObject([
    { propertyName: 'image' },
    { propertyName: 'images', isArray: true },
    { propertyName: 'regions' },
    { propertyName: 'require' },
    { propertyName: 'artifacts' },
    { propertyName: 'platforms' },
  ]);
  // The host refuses a call without what is required, and cannot say "one of the two".
  expect(Object.values(toolProperties ?? []).filter(({ isRequired }) => isRequired)).toEqual([]);
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
    [{ image, artifacts: 'signature' }, '&artifacts=signature'],
    [{ image, images: '' }, ''],
    [{ image, unheardOf: { deep: true } }, ''],
  ])('to %j is the document that the route gives', async (given, query) => {
    const memory = await trackerWithImage();
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
  ])('to %s says what is wrong, for the model to correct', async (_what, input, problem) => {
    const { text, structured } = await use(await trackerWithImage(), input);
    expect(JSON.parse(text)).toMatchObject(problem);
    expect(structured).toBeUndefined();
  });

  test('without known replicas says so', async () => {
    const several = memoryTracker({ registries: [registryOf({ regions: [] })] });
    expect(JSON.parse((await use(several, asked({ images: [image] }))).text)).toMatchObject({ status: 503 });
    const memory = memoryTracker({ registries: [registryOf({ regions: [] })] });
    expect(JSON.parse((await use(memory, asked({ image }))).text)).toMatchObject({ status: 503 });
  });

  test('while the storage is away says so, and the cause goes to the log', async () => {
    const { store } = memoryTracker();
    const read = () => Promise.reject(new UpstreamError('unavailable', 'table ReplicationImages'));
    for (const given of [{ image }, { images: [image] }]) {
      const { text, log } = await use(memoryTracker({ ports: { store: { ...store, read } } }), asked(given));
      expect(JSON.parse(text)).toMatchObject({ status: 503 });
      expect(text).not.toContain('ReplicationImages');
      expect(log.join()).toContain('ReplicationImages');
    }
  });

  test('anything else fails, as it should', async () => {
    const { store } = memoryTracker();
    const read = () => Promise.reject(new TypeError('a fault of ours'));
    await expect(use(memoryTracker({ ports: { store: { ...store, read } } }), asked({ image }))).rejects.toThrow(
      'ours',
    );
  });
});

describe('the answer about several images', () => {
  const other = `contoso.azurecr.io/team/app@${digestOf(2)}`;
  const tagged = 'contoso.azurecr.io/team/app:v1';
  const many = (count: number) => Array.from({ length: count }, (_, i) => `contoso.azurecr.io/team/app:v${i}`);
  const post = async ({ tracker }: MemoryTracker, body: object) =>
    (await call(availabilityOfImagesFunction(tracker), { path: 'availability', body: JSON.stringify(body) })).body;

  test.each<[string, object]>([
    ['two', { images: [image, other] }],
    ['a list of one', { images: [image] }],
    ['one that is named twice', { images: [tagged, image, tagged], regions: 'eastus' }],
    ['a text with commas', { images: `${image},${other}`, require: 'any' }],
    ['a text with lines', { images: `${image}\n${other}`, regions: ['eastus', 'westeurope'], require: 1 }],
    ['two with a signature', { images: [image, other], artifacts: 'signature' }],
    ['as many as may be', { images: many(100), image: '' }],
  ])('to %s is the one that the route gives', async (_what, given) => {
    const memory = await trackerWithImage();
    const { text, structured } = await use(memory, asked(given));
    const { image: _none, ...body } = { image: '', ...given };
    const answer = await post(memory, body);
    expect(answer).toMatchObject({ satisfied: expect.any(Boolean), images: expect.any(Array) });
    expect(JSON.parse(text)).toEqual(answer);
    expect(structured).toEqual(answer);
  });

  test('is yes only once all are there', async () => {
    const memory = await trackerWithImage();
    const given = { images: [image, other], regions: 'eastus' };
    const missing = [{ image: other, regions: ['eastus'] }];
    expect((await use(memory, asked(given))).structured).toMatchObject({ satisfied: false, state: 'unknown', missing });
    await deliver(memory, 'eastus', bodyOf({ target: { digest: digestOf(2), tag: 'v2' } }));
    expect((await use(memory, asked(given))).structured).toMatchObject({ satisfied: true, missing: [] });
  });

  test.each<[string, object, object]>([
    [
      'too many',
      { images: many(101) },
      { status: 400, errors: [{ field: 'images', reason: expect.stringMatching('100') }] },
    ],
    ['no reference', { images: [image, 'https://x'] }, { status: 400, errors: [{ field: 'images[1]' }] }],
    ['an unknown registry', { images: [image, 'fabrikam.azurecr.io/app'] }, { status: 404 }],
    ['an unknown region', { images: [image], regions: 'mars' }, { status: 400, errors: [{ field: 'regions' }] }],
    ['no list', { images: [] }, { status: 400, errors: [{ field: 'image' }] }],
    ['one beside them', { image, images: [other] }, { status: 400, errors: [{ field: 'image' }] }],
    ['a text without end', { images: 'a'.repeat(256 * 1024 + 1) }, { status: 413 }],
  ])('to %s says what is wrong', async (_what, given, problem) => {
    const { text, structured } = await use(await trackerWithImage(), asked(given));
    expect(JSON.parse(text)).toMatchObject(problem);
    expect(structured).toBeUndefined();
  });
});
