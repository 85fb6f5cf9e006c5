/** The built app with invalid settings: on Azure it answers which ones, on a developer's machine it does not start. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { App } from '../support/app.ts';
import { startInstance } from '../support/app.ts';
import { callCommand } from '../support/call-command.ts';

const hidden = 'hidden-secret';
const settings = {
  // The app does not start, so that it uses no storage.
  AzureWebJobsStorage: 'DefaultEndpointsProtocol=https;AccountName=x;AccountKey=eA==;EndpointSuffix=core.windows.net',
  EVENT_GRID_TOPIC_ENDPOINT: 'https://topic.example/api/events',
  REGISTRIES: `[{"name":"${hidden}"}]`,
  WEBHOOK_SECRETS: hidden,
};

describe('on Azure', () => {
  let app: App;
  const lines: string[] = [];
  beforeAll(async () => {
    const asOnAzure = { ...settings, AZURE_FUNCTIONS_ENVIRONMENT: 'Production' };
    app = await startInstance({ settings: asOnAzure, onLine: (line) => void lines.push(line) });
  });
  afterAll(() => app?.stop());

  test('health answers 503 with the names of the settings, and not what they hold', async () => {
    const answer = await fetch(`${app.url}/api/health`);
    const text = await answer.text();
    expect(answer.status).toBe(503);
    expect(JSON.parse(text)).toEqual({
      status: 'failing',
      checks: { REGISTRIES: 'failing', WEBHOOK_SECRETS: 'failing' },
    });
    expect(text).not.toContain(hidden);
    expect(answer.headers.get('x-request-id')).toMatch(/./);
    expect((await fetch(`${app.url}/api/health`, { method: 'HEAD' })).status).toBe(503);
  });

  test('nothing else is there', async () => {
    for (const path of ['/api/availability', '/api/registries', '/ui', '/api/openapi.json']) {
      const answer = await fetch(`${app.url}${path}`);
      expect([answer.status, await answer.text()], path).toEqual([404, '']);
    }
  });

  test('the command says so', async () => {
    const called = await callCommand(['wait', 'contoso.azurecr.io/app:v1', '--url', app.url]);
    expect(called).toMatchObject({ code: 64, err: expect.stringContaining('runs without its functions') });
  });

  test('the log has each fault on a line of its own', () => {
    const faults = lines.filter((line) => line.includes('the app runs without its functions'));
    expect(faults.some((line) => line.includes('REGISTRIES: 0: needs "regions" or "resourceId"'))).toBe(true);
    expect(faults.some((line) => line.includes('WEBHOOK_SECRETS: each must have at least 16'))).toBe(true);
  });
});

test("on a developer's machine it does not start, and says why", async () => {
  await expect(startInstance({ settings })).rejects.toThrow(/The settings are not usable/);
});
