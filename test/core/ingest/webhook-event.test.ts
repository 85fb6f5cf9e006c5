import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WebhookEvent } from '../../../src/core/ingest/webhook-event.ts';
import { parseWebhookEvent } from '../../../src/core/ingest/webhook-event.ts';
import { digestOf } from '../../support/build.ts';

const payloads = new URL('../../fixtures/payloads/', import.meta.url);
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';

/** What each payload is to the webhook route: the event, or the fields it is refused for. */
const verdicts: Record<string, WebhookEvent | string[]> = {
  'webhook-push-captured.json': {
    action: 'push',
    id: 'ea889308-3834-4a1d-a631-cadc572dab91',
    eventTime: '2026-06-01T12:22:07.095881300Z',
    repository: 'hello-world',
    digest: 'sha256:c766679d161d4ffe3dc4503b4c9f90b978f0d363fcedb02d1ae0cd271e645c0a',
    tag: 'test-v1',
    mediaType: dockerManifest,
  } as WebhookEvent,
  'webhook-push-documented-unmasked.json': {
    action: 'push',
    id: 'cb8c3971-9adc-488b-bdd8-43cbb4974ff5',
    eventTime: '2023-11-17T16:52:01.343145347Z',
    repository: 'hello-world',
    digest: 'sha256:80f0d5c8786bb9e621a45ece0db56d11cdc624ad20da9fe62e9d25490f331d7d',
    tag: 'v1',
    mediaType: dockerManifest,
  } as WebhookEvent,
  // The documentation masks parts of the digest with x: as a claim about an image it is worth nothing.
  'webhook-push-documented.json': ['target.digest'],
  'webhook-delete-documented.json': ['target.digest'],
  'webhook-ping-captured.json': {
    action: 'ping',
    id: '826b111c-23c8-4058-b0e4-6760ad44e217',
    eventTime: '2021-12-30T21:06:39.516087300Z',
  } as WebhookEvent,
  'webhook-quarantine-documented.json': {
    action: 'other',
    id: '0d799b14-404b-4859-b2f6-50c5ee2a2c3a',
    name: 'quarantine',
  },
  'webhook-chart-push-documented.json': {
    action: 'other',
    id: '6356e9e0-627f-4fed-xxxx-d9059b5143ac',
    name: 'chart_push',
  },
  'webhook-chart-delete-documented.json': {
    action: 'other',
    id: '338a3ef7-ad68-4128-xxxx-fdd3af8e8f67',
    name: 'chart_delete',
  },
  // Another sender's envelope: it comes through a trigger of its own.
  'eventgrid-image-pushed-v2.json': ['body'],
  'eventgrid-image-pushed-cloudevent.json': ['body'],
};

function readPayload(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, payloads), 'utf8'));
}

function fieldsOf(body: unknown): string[] | WebhookEvent {
  const event = parseWebhookEvent(body);
  return event.ok ? event.value : event.problems.map(({ field }) => field);
}

describe('payloads', () => {
  test.each(Object.entries(verdicts))('%s', (name, verdict) => {
    expect(fieldsOf(readPayload(name))).toEqual(verdict);
  });

  test('each has its verdict here', () => {
    const names = readdirSync(payloads).filter((name) => name.endsWith('.json'));
    expect(names.sort()).toEqual(Object.keys(verdicts).sort());
  });
});

const target = { digest: digestOf(1), repository: 'team/app', tag: 'v1', mediaType: dockerManifest };
const push = { id: 'event-1', timestamp: '2026-06-01T12:22:07.0958813Z', action: 'push', target };
const remove = { ...push, action: 'delete', target: { digest: digestOf(1), repository: 'team/app' } };

const read = {
  action: 'push',
  id: 'event-1',
  eventTime: '2026-06-01T12:22:07.095881300Z',
  repository: 'team/app',
  digest: digestOf(1),
  tag: 'v1',
  mediaType: dockerManifest,
};

describe('an image event', () => {
  test.each<[string, unknown, unknown]>([
    ['a push', push, read],
    ['a delete, which has no tag', remove, { ...read, action: 'delete', tag: undefined, mediaType: undefined }],
    // Manifests pushed by digest; which of these the registry writes depends on the client.
    ['an absent tag', { ...push, target: { ...target, tag: undefined } }, { ...read, tag: undefined }],
    ['an empty tag', { ...push, target: { ...target, tag: '' } }, { ...read, tag: undefined }],
    ['a null tag', { ...push, target: { ...target, tag: null } }, { ...read, tag: undefined }],
    [
      'a media type with parameters, in capitals',
      withTarget({ mediaType: ' Application/vnd.OCI.image.index.v1+JSON ; charset=utf-8' }),
      { ...read, mediaType: 'application/vnd.oci.image.index.v1+json' },
    ],
    ['a media type of parameters alone', withTarget({ mediaType: '; q=1' }), { ...read, mediaType: undefined }],
    ['a null media type', { ...push, target: { ...target, mediaType: null } }, { ...read, mediaType: undefined }],
    ['a tag of 128 characters', withTarget({ tag: 't'.repeat(128) }), { ...read, tag: 't'.repeat(128) }],
    // Fields that we do not use may hold anything.
    ['unknown fields', { ...push, actor: { name: 5 }, source: [], request: 'none', extra: null }, read],
    ['unknown fields of the target', withTarget({ size: 'big', length: -1, url: 7, references: {} }), read],
    ['a nine-digit time', { ...push, timestamp: '2026-06-01T12:22:07.095881300Z' }, read],
  ])('is read from %s', (_what, body, event) => {
    expect(parseWebhookEvent(body)).toEqual({ ok: true, value: event });
  });

  test.each<[string, unknown, string]>([
    ['a digest of 63 digits', withTarget({ digest: digestOf(1).slice(0, -1) }), 'target.digest'],
    ['another algorithm', withTarget({ digest: `sha512:${'0'.repeat(128)}` }), 'target.digest'],
    ['a number as digest', withTarget({ digest: 5 }), 'target.digest'],
    ['a list of digests', withTarget({ digest: [digestOf(1)] }), 'target.digest'],
    ['a digest that is false', withTarget({ digest: false }), 'target.digest'],
    ['no repository', withTarget({ repository: undefined }), 'target.repository'],
    ['an empty repository', withTarget({ repository: '' }), 'target.repository'],
    ['an upper-case repository', withTarget({ repository: 'Team/App' }), 'target.repository'],
    ['a repository of 2,000 characters', withTarget({ repository: 'r'.repeat(2_000) }), 'target.repository'],
    ['a repository with a host', withTarget({ repository: 'contoso.azurecr.io:443/app' }), 'target.repository'],
    ['a number as tag', withTarget({ tag: 1 }), 'target.tag'],
    ['a list of tags', withTarget({ tag: ['v1'] }), 'target.tag'],
    ['a tag of 129 characters', withTarget({ tag: 't'.repeat(129) }), 'target.tag'],
    ['a tag of 2,000 characters', withTarget({ tag: 't'.repeat(2_000) }), 'target.tag'],
    ['a tag with a slash', withTarget({ tag: 'v1/../v2' }), 'target.tag'],
    ['a number as media type', withTarget({ mediaType: 2 }), 'target.mediaType'],
    ['a media type of 2,000 characters', withTarget({ mediaType: 'm'.repeat(2_000) }), 'target.mediaType'],
    ['a target that is a text', { ...push, target: digestOf(1) }, 'target'],
    ['a target that is a number', { ...push, target: 5 }, 'target'],
    ['a target that is a list', { ...push, target: [target] }, 'target'],
  ])('is refused for %s', (_what, body, field) => {
    expect(fieldsOf(body)).toEqual([field]);
  });

  test('is refused for every fault at once, with what was expected', () => {
    const event = parseWebhookEvent(withTarget({ digest: 'sha256:1', repository: '', tag: '!' }));
    expect(event).toEqual({
      ok: false,
      problems: [
        { field: 'target.digest', reason: expect.stringContaining('64 lower-case hex digits') },
        { field: 'target.repository', reason: expect.stringContaining('1 to 255 characters') },
        { field: 'target.tag', reason: expect.stringContaining('1 to 128 characters') },
      ],
    });
  });
});

// No documentation says what a registry sends when a whole repository is deleted, or a tag is removed.
test.each([
  ['a repository', { repository: 'team/app' }, undefined],
  ['a repository, with empty fields', { repository: 'team/app', digest: '', tag: null }, undefined],
  ['a tag', { repository: 'team/app', tag: 'v1' }, 'v1'],
])('a delete of %s names no digest', (_what, target, tag) => {
  expect(parseWebhookEvent({ ...remove, target })).toMatchObject({
    ok: true,
    value: { action: 'deleteRepository', repository: 'team/app', tag },
  });
});

test('a delete of a repository that cannot be is refused', () => {
  expect(parseWebhookEvent({ ...remove, target: { repository: 'Team App' } })).toMatchObject({
    ok: false,
    problems: [{ field: 'target.repository' }],
  });
});

describe('an event that says nothing about where an image is', () => {
  test.each<[string, unknown, string]>([
    ['a delete without a target', { ...remove, target: undefined }, 'delete'],
    ['a delete with a null target', { ...remove, target: null }, 'delete'],
    ['a push with an empty digest', withTarget({ digest: '' }), 'push'],
    ['a push with a null digest', withTarget({ digest: null }), 'push'],
    ['a push without anything', { ...push, target: {} }, 'push'],
    ['a quarantine', { ...push, action: 'quarantine' }, 'quarantine'],
    ['an unknown action', { ...push, action: 'soft_delete', target: 5 }, 'soft_delete'],
    // Actions are written in lower case everywhere; another spelling is another action.
    ['an upper-case action', { ...push, action: 'PUSH' }, 'PUSH'],
    ['an action named like a property of every object', { ...push, action: 'constructor' }, 'constructor'],
  ])('%s', (_what, body, name) => {
    expect(parseWebhookEvent(body)).toEqual({ ok: true, value: { action: 'other', id: 'event-1', name } });
  });

  test('a ping, whatever else it holds', () => {
    const ping = { action: 'ping', id: 'event-1', eventTime: '2026-06-01T12:22:07.095881300Z' };
    expect(parseWebhookEvent({ ...push, action: 'ping', target: 'nonsense' })).toEqual({ ok: true, value: ping });
  });
});

describe('a body that is no webhook event', () => {
  test.each<[string, unknown, string[]]>([
    ['null', null, ['body']],
    ['a list', [push], ['body']],
    ['a text', 'push', ['body']],
    ['a number', 5, ['body']],
    ['true', true, ['body']],
    ['an empty object', {}, ['id', 'timestamp', 'action']],
    ['no id', { ...push, id: undefined }, ['id']],
    ['an empty id', { ...push, id: '' }, ['id']],
    ['a number as id', { ...push, id: 1 }, ['id']],
    ['an id of 2,000 characters', { ...push, id: 'i'.repeat(2_000) }, ['id']],
    ['no time', { ...push, timestamp: undefined }, ['timestamp']],
    ['a number as time', { ...push, timestamp: 1_780_000_000 }, ['timestamp']],
    ['30 February', { ...push, timestamp: '2026-02-30T12:00:00Z' }, ['timestamp']],
    ['no action', { ...push, action: undefined }, ['action']],
    ['a null action', { ...push, action: null }, ['action']],
    ['an empty action', { ...push, action: '' }, ['action']],
    ['an action of 2,000 characters', { ...push, action: 'a'.repeat(2_000) }, ['action']],
    // Even what would be ignored must be an event first.
    ['a ping without an id', { action: 'ping', timestamp: push.timestamp }, ['id']],
  ])('%s', (_what, body, fields) => {
    expect(fieldsOf(body)).toEqual(fields);
  });
});

describe('for any JSON', () => {
  /** Nearly right, so that the checks behind the first one are reached as well. */
  const some = fc.oneof(fc.jsonValue(), fc.constantFrom('', null, digestOf(1), 'team/app', 'v1', {}, []));
  const nearly = fc.record(
    {
      id: fc.oneof(fc.constant('event-1'), some),
      timestamp: fc.oneof(fc.constant('2026-06-01T12:22:07Z'), some),
      action: fc.oneof(fc.constantFrom('push', 'delete', 'ping'), some),
      target: fc.oneof(
        fc.record({ digest: some, repository: some, tag: some, mediaType: some }, { requiredKeys: [] }),
        some,
      ),
    },
    { requiredKeys: [] },
  );

  test('there is an event or a list of problems, never an exception', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), nearly), (body) => {
        const event = parseWebhookEvent(body);
        if (event.ok) return;
        expect(event.problems.length).toBeGreaterThan(0);
        for (const { field, reason } of event.problems) {
          expect(field).toMatch(/^(body|id|timestamp|action|target(\.(digest|repository|tag|mediaType))?)$/);
          expect(reason).toMatch(/^(is required and )?must/);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

function withTarget(changes: Record<string, unknown>) {
  return { ...push, target: { ...target, ...changes } };
}
