/** The endpoint that Event Grid delivers to: both handshakes, both schemas, and answers that make it deliver again or stop. */
import { describe, expect, test } from 'vitest';
import { webhookBody } from '../support/app.ts';
import { keys } from './launch.ts';
import type { Answer } from './requests.ts';
import { getJson, imageOf, newDigest, send } from './requests.ts';
import type { HostUnderTest } from './under-test.ts';
import { resourceId } from './under-test.ts';

interface PostInput {
  readonly kind?: string;
  readonly name?: string;
  readonly key?: string | null;
  readonly method?: string;
}

export function describeEventGrid(host: () => HostUnderTest): void {
  function post(body: unknown, input: PostInput = {}): Promise<Answer> {
    const { kind = 'Notification', name = 'registryEvents', key = keys.eventgrid, method = 'POST' } = input;
    const code = key === null ? '' : `&code=${encodeURIComponent(key)}`;
    return send(host(), `/runtime/webhooks/eventgrid?functionName=${name}${code}`, {
      method,
      key: null,
      headers: {
        'content-type': 'application/json',
        ...(kind === '' ? {} : { 'aeg-event-type': kind }),
        'aeg-subscription-name': 'TESTS',
        'aeg-delivery-count': '0',
      },
      ...(method !== 'OPTIONS' ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
    });
  }

  /** A tag of its own: a push of another digest would move a shared one. */
  const tagOf = (digest: string) => `grid-${digest.slice(-6)}`;
  const dataOf = (digest: string, region: string | undefined) => ({
    ...JSON.parse(webhookBody({ digest, region: region ?? '', tag: tagOf(digest) })),
    ...(region === undefined ? {} : { location: region }),
  });
  const cloudEvent = (digest: string, region?: string) => ({
    id: crypto.randomUUID(),
    source: resourceId,
    subject: `team/app:${tagOf(digest)}`,
    type: 'Microsoft.ContainerRegistry.ImagePushed',
    time: new Date().toISOString(),
    specversion: '1.0',
    data: dataOf(digest, region),
  });
  const gridEvent = (digest: string, region?: string) => ({
    id: crypto.randomUUID(),
    topic: resourceId,
    subject: `team/app:${tagOf(digest)}`,
    eventType: 'Microsoft.ContainerRegistry.ImagePushed',
    eventTime: new Date().toISOString(),
    dataVersion: '2.0',
    metadataVersion: '1',
    data: dataOf(digest, region),
  });

  describe('Event Grid', () => {
    test.each([
      ['its own schema', [{ id: '1', eventType: 'x', data: { validationCode: 'code-1' } }]],
      ['CloudEvents, whose data is JSON in a text', { id: '1', data: '{"validationCode":"code-1"}' }],
      ['CloudEvents', { id: '1', data: { validationCode: 'code-1' } }],
    ])('the handshake of %s', async (_schema, body) => {
      const answer = await post(body, { kind: 'SubscriptionValidation' });
      expect(answer.status, answer.text).toBe(200);
      expect(JSON.parse(answer.text)).toEqual({ validationResponse: 'code-1' });
    });

    test('events of both schemas say where an image is', async () => {
      const [one, other] = [newDigest(), newDigest()];
      expect((await post(cloudEvent(one, 'eastus'))).status).toBe(202);
      expect((await post([gridEvent(one, 'westeurope'), gridEvent(other, 'eastus')])).status).toBe(202);
      // The header is compared without regard to case.
      expect((await post([gridEvent(one, 'southeastasia')], { kind: 'notification' })).status).toBe(202);
      const document = await getJson(host(), `/api/availability?image=${imageOf(one)}`);
      expect(document).toMatchObject({ state: 'available', tags: [tagOf(one)] });
      expect(document.regions[0]).toMatchObject({ evidence: ['eventGrid'] });
      expect(await getJson(host(), `/api/availability?image=${imageOf(other)}`)).toMatchObject({
        state: 'replicating',
      });
    });

    test('one without a region counts for none', async () => {
      const digest = newDigest();
      expect((await post(cloudEvent(digest))).status).toBe(202);
      const document = await getJson(host(), `/api/availability?image=${imageOf(digest)}`);
      expect(document).toMatchObject({ satisfied: false, requirement: { have: 0 } });
    });

    test('other events are accepted, so that they are not sent again', async () => {
      expect((await post({ ...cloudEvent(newDigest(), 'eastus'), type: 'Contoso.Other' })).status).toBe(202);
      expect((await post({ ...cloudEvent(newDigest(), 'eastus'), data: {} })).status).toBe(202);
      expect((await post([])).status).toBe(202);
    });

    test.each<[string, unknown, PostInput, number]>([
      ['no key', [], { key: null }, 401],
      ['a wrong key', [], { key: 'wrong' }, 401],
      ['a function key', [], { key: keys.function }, 403],
      ["another extension's key", [], { key: keys.mcp }, 403],
      ['the master key', [], { key: keys.master }, 202],
      ['an unsubscription', {}, { kind: 'Unsubscribe' }, 202],
      ['an unknown kind', {}, { kind: 'Whatever' }, 400],
      ['no kind', {}, { kind: '' }, 400],
      ['PUT, like POST', [], { method: 'PUT' }, 202],
      ['PUT of no events', 'x', { method: 'PUT' }, 500],
      ['no JSON', '[', {}, 500],
      ['a text instead of events', '"text"', {}, 500],
      ['a handshake without a code', [{ data: {} }], { kind: 'SubscriptionValidation' }, 500],
    ])('%s', async (_what, body, input, status) => {
      expect((await post(body, input)).status).toBe(status);
    });

    test('the handshake by OPTIONS', async () => {
      const answer = await post({}, { method: 'OPTIONS', kind: '' });
      expect(answer.status, answer.text).toBe(200);
      expect(answer.headers.get('webhook-allowed-origin')).toMatch(/./);
    });

    test('a function of another name is not found', async () => {
      for (const name of ['RegistryEvents', 'webhook', '']) {
        const answer = await post([], { name });
        expect([answer.status, answer.text]).toEqual([404, `cannot find function: '${name}'`]);
      }
    });
  });
}
