/** The tool for language models, where the host's extensions serve it: the local host always does. */
import { describe, expect, test } from 'vitest';
import { keys } from './launch.ts';
import type { Answer } from './requests.ts';
import { asked, deliver, getJson, imageOf, newDigest, send } from './requests.ts';
import type { HostUnderTest } from './under-test.ts';

export function describeMcp(host: () => HostUnderTest): void {
  const post = (message: object, key: string | null = keys.mcp): Promise<Answer> =>
    send(host(), '/runtime/webhooks/mcp', {
      method: 'POST',
      key,
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  const resultOf = (answer: Answer) => {
    expect(answer.status, answer.text).toBe(200);
    const [, message = answer.text] = /^data: (.*)$/m.exec(answer.text) ?? [];
    return JSON.parse(message).result;
  };
  /** Older bundles of the extensions have none. */
  const isServed = async () =>
    host().command.kind === 'local' || (await post({ id: 0, method: 'ping' })).status !== 404;

  describe('the tool for language models', () => {
    test('is listed, and answers what the route answers', async (context) => {
      if (!(await isServed())) context.skip('this host has no MCP extension');
      const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'tests', version: '1' } };
      expect(resultOf(await post({ id: 1, method: 'initialize', params }))).toMatchObject({
        capabilities: { tools: {} },
      });
      const { tools } = resultOf(await post({ id: 2, method: 'tools/list' }));
      expect(tools).toMatchObject([
        { name: 'image_availability', inputSchema: { properties: { images: { type: 'array' } } } },
      ]);

      const digest = newDigest();
      await deliver(host(), { digest, region: 'eastus' });
      const call = { name: 'image_availability', arguments: { image: imageOf(digest), regions: 'eastus' } };
      const { content } = resultOf(await post({ id: 3, method: 'tools/call', params: call }));
      const route = await getJson(host(), asked('/api/availability', { image: imageOf(digest), regions: 'eastus' }));
      expect(JSON.parse(content[0].text)).toEqual(route);
      expect(route.satisfied).toBe(true);
      const images = [imageOf(digest), imageOf(newDigest())];
      const several = { name: 'image_availability', arguments: { images, regions: 'eastus' } };
      const answer = resultOf(await post({ id: 4, method: 'tools/call', params: several }));
      expect(JSON.parse(answer.content[0].text)).toMatchObject({
        satisfied: false,
        missing: [{ image: images[1], regions: ['eastus'] }],
        images: [{ image: images[0], satisfied: true }, { image: images[1] }],
      });
    });

    test('what is no JSON is an empty 500', async (context) => {
      if (!(await isServed())) context.skip('this host has no MCP extension');
      const answer = await send(host(), '/runtime/webhooks/mcp', {
        method: 'POST',
        key: keys.mcp,
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: '{',
      });
      expect([answer.status, answer.text]).toEqual([500, '']);
    });

    test('asks for its own key', async (context) => {
      if (!(await isServed())) context.skip('this host has no MCP extension');
      for (const [key, status] of [
        [null, 401],
        [keys.function, 403],
        [keys.eventgrid, 403],
        [keys.master, 200],
      ] as const) {
        expect((await post({ id: 1, method: 'ping' }, key)).status).toBe(status);
      }
    });
  });
}
