import { describe, expect, test } from 'vitest';
import type { HealthEventLog } from '../../src/core/ports.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { serviceHealthFunction } from '../../src/functions/api/service-health.ts';
import { at, registryOf } from '../support/build.ts';
import type { CallInput } from '../support/call.ts';
import { call, forbidBody } from '../support/call.ts';
import { alertOf, memoryHealthEventLog } from '../support/health-alert.ts';

const secrets = ['first-secret-of-the-tests', 'second:secret-of-the-tests'] as const;
const fabrikam = registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' });
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;

function send(
  health: HealthEventLog,
  body: unknown = alertOf(),
  changes: Partial<CallInput> & { registry?: string } = {},
) {
  const { registry = 'contoso', ...input } = changes;
  const now = () => at('2026-06-01T12:01:00Z');
  return call(serviceHealthFunction({ registries: [registryOf(), fabrikam], secrets, health, now }), {
    path: `service-health/${registry}`,
    params: { registry },
    headers: { authorization: `Bearer ${secrets[0]}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...input,
  });
}

describe('an alert', () => {
  test('is recorded for its registry', async () => {
    const health = memoryHealthEventLog();
    const answer = await send(health, alertOf(), { registry: 'Contoso' });
    expect(answer).toMatchObject({ status: 200, body: { outcome: 'recorded' } });
    expect(answer.log).toEqual([expect.stringContaining('VT60-9S8 open recorded contoso: eastus')]);
    expect(await health.open('contoso')).toMatchObject([{ trackingId: 'VT60-9S8', regions: ['eastus'] }]);
    expect(await health.open('fabrikam')).toEqual([]);
  });

  test('that says it is over ends it', async () => {
    const health = memoryHealthEventLog();
    await send(health);
    const over = alertOf({ context: { eventTimestamp: '2026-06-01T12:30:00Z' }, properties: { stage: 'Resolved' } });
    expect(await send(health, over)).toMatchObject({ status: 200, body: { outcome: 'recorded' } });
    expect(await health.open('contoso')).toEqual([]);
    // Late, and sent again: what is over stays over.
    expect(await send(health)).toMatchObject({ status: 200, body: { outcome: 'ignored' } });
    expect(await health.open('contoso')).toEqual([]);
  });

  test('about something else is ignored', async () => {
    const health = memoryHealthEventLog();
    const answer = await send(health, alertOf({ essentials: { monitoringService: 'Platform' } }));
    expect(answer).toMatchObject({ status: 200, body: { outcome: 'ignored' } });
    expect(await health.open('contoso')).toEqual([]);
  });

  test('while storage is away is to be sent again, as Azure does after 503', async () => {
    const note = () => Promise.reject(new UpstreamError('unavailable', 'the tables are away'));
    const answer = await send({ ...memoryHealthEventLog(), note });
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
  });
});

describe('the door', () => {
  test.each([
    `Bearer ${secrets[0]}`,
    `bearer ${secrets[1]}`,
    basic(`azure:${secrets[0]}`),
    basic(`:${secrets[1]}`),
    basic(`anybody:${secrets[1]}`).replace('Basic', 'basic'),
  ])('opens to %s', async (authorization) => {
    expect((await send(memoryHealthEventLog(), alertOf(), { headers: { authorization } })).status).toBe(200);
  });

  test.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['the secret alone', { authorization: secrets[0] }],
    ['another secret', { authorization: 'Bearer another-secret-of-tests' }],
    ['another password', { authorization: basic('azure:another-secret-of-tests') }],
    ['the secret as user', { authorization: basic(`${secrets[0]}:`) }],
    ['the secret without a user', { authorization: basic(secrets[0]) }],
    ['a password that begins alike', { authorization: basic(`azure:${secrets[0]}x`) }],
    ['no password', { authorization: basic('azure:') }],
    ['nonsense', { authorization: 'Basic !!!' }],
  ])('answers 401 to %s, before the body is read', async (_what, headers) => {
    const health = memoryHealthEventLog();
    const answer = await send(health, alertOf(), { headers, prepare: forbidBody, registry: 'nobody' });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/Bearer, Basic/);
    expect(answer.text).not.toMatch(/secret-of/);
  });

  test('answers 404 for a registry that is not tracked', async () => {
    const answer = await send(memoryHealthEventLog(), alertOf(), { registry: 'constructor', prepare: forbidBody });
    expect(answer).toMatchObject({ status: 404, body: { title: 'Not found' } });
  });

  test.each<[string, unknown, string]>([
    ['nothing', '', 'body'],
    ['no JSON', 'alert=1', 'body'],
    ['another schema', { ...alertOf(), schemaId: 'AzureMonitorMetricAlert' }, 'schemaId'],
  ])('answers 400 to %s', async (_what, body, field) => {
    expect(await send(memoryHealthEventLog(), body)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });

  test('answers 413 to more than 256 KiB, and reads no more than that', async () => {
    const limit = 256 * 1024;
    const whole = JSON.stringify(alertOf());
    expect((await send(memoryHealthEventLog(), whole.padEnd(limit))).status).toBe(200);
    expect((await send(memoryHealthEventLog(), whole.padEnd(limit + 1))).status).toBe(413);
    const headers = { authorization: `Bearer ${secrets[0]}`, 'content-length': String(limit + 1) };
    expect((await send(memoryHealthEventLog(), whole, { headers, prepare: forbidBody })).status).toBe(413);
  });
});
