import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRegistryEvent } from '../../../src/core/ingest/event-grid-event.ts';
import { at, digestOf, registryOf } from '../../support/build.ts';

const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/Contoso';
const registries = [
  registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' }),
  registryOf({ resourceId: id }),
  registryOf({ name: 'demo', loginServer: 'demo.azurecr.io' }),
];
const receivedAt = at('2026-06-01T12:00:07Z');
const parse = (event: unknown) => parseRegistryEvent(event, registries, receivedAt);

function fixture(name: string): Record<string, unknown> & { data: Record<string, unknown> } {
  return JSON.parse(readFileSync(new URL(`../../fixtures/payloads/${name}.json`, import.meta.url), 'utf8'))[0];
}

const target = { repository: 'team/app', digest: digestOf(1), tag: 'v1', mediaType: 'a/b' };
const data = { id: 'e', timestamp: '2026-06-01T12:00:00.1234567Z', action: 'push', location: 'West Europe', target };
const cloudEvent = { specversion: '1.0', type: 'Microsoft.ContainerRegistry.ImagePushed', source: id, data };
const name = { registry: 'contoso', repository: 'team/app', digest: digestOf(1) };
const fact = {
  region: 'westeurope',
  kind: 'push',
  eventTime: '2026-06-01T12:00:00.123456700Z',
  receivedAt,
  evidence: 'eventGrid',
  tag: 'v1',
  mediaType: 'a/b',
};

describe('an event with a location is a fact about that replica', () => {
  test.each<[string, unknown]>([
    ['as a CloudEvent', cloudEvent],
    ['in the schema of Event Grid', { eventType: cloudEvent.type, topic: id, dataVersion: '2.0', data }],
    ['with the old name of its type', { ...cloudEvent, type: 'ImagePushed' }],
    ['with its source in another case', { ...cloudEvent, source: id.toUpperCase() }],
    ['from a registry that was moved', { ...cloudEvent, source: id.replace('/g/', '/other/') }],
    [
      'without a connected registry',
      { ...cloudEvent, data: { ...data, connectedRegistry: null, connectedregistry: { name: '' } } },
    ],
  ])('%s', (_what, event) => {
    expect(parse(event)).toEqual({ kind: 'report', received: { name, fact } });
  });

  test('as a delete', () => {
    const { tag: _tag, ...rest } = target;
    const event = {
      ...cloudEvent,
      type: 'Microsoft.ContainerRegistry.ImageDeleted',
      data: { ...data, action: 'delete', target: rest },
    };
    expect(parse(event)).toEqual({
      kind: 'report',
      received: { name, fact: { ...fact, kind: 'delete', tag: undefined } },
    });
  });

  test('also a delete of a whole repository', () => {
    const deleted = { ...data, action: 'delete', target: { repository: 'a' } };
    const event = { ...cloudEvent, type: 'Microsoft.ContainerRegistry.ImageDeleted', data: deleted };
    expect(parse(event)).toMatchObject({ kind: 'report', received: { repository: 'a', tag: undefined } });
  });

  test.each(['fabrikam.azurecr.io', 'fabrikam.eastus.geo.azurecr.io'])(
    'for the registry that the client called %s, where the source is none',
    (host) => {
      const event = { ...cloudEvent, source: 'somebody', data: { ...data, request: { host } } };
      expect(parse(event)).toMatchObject({ received: { name: { registry: 'fabrikam' } } });
    },
  );

  test('for the registry with that resource id, whatever the settings call it', () => {
    const renamed = [registryOf({ name: 'ours', resourceId: id })];
    expect(parseRegistryEvent(cloudEvent, renamed, receivedAt)).toMatchObject({
      received: { name: { registry: 'ours' } },
    });
  });

  test('not for a registry whose resource id is another, whatever the settings call it', () => {
    const renamed = [registryOf({ name: 'other', resourceId: id })];
    const event = { ...cloudEvent, source: id.replace('Contoso', 'other') };
    expect(parseRegistryEvent(event, renamed, receivedAt)).toMatchObject({ kind: 'ignored' });
  });

  test('for the registry of the source, whatever the client called it', () => {
    const event = { ...cloudEvent, data: { ...data, request: { host: 'fabrikam.azurecr.io' } } };
    expect(parse(event)).toMatchObject({ received: { name: { registry: 'contoso' } } });
  });
});

describe('an event without a location', () => {
  test.each([undefined, null, ''])('%j says that the image is known, and nothing about a region', (location) => {
    expect(parse({ ...cloudEvent, data: { ...data, location } })).toEqual({ kind: 'known', name });
  });

  test('as documented', () => {
    const event = fixture('eventgrid-image-pushed-cloudevent');
    expect(parse(event)).toMatchObject({ kind: 'known', name: { registry: 'demo', repository: 'aci-helloworld' } });
  });

  test('says nothing as a delete', () => {
    const event = { ...cloudEvent, type: 'ImageDeleted', data: { ...data, action: 'delete', location: undefined } };
    expect(parse(event)).toEqual({ kind: 'ignored', reason: 'a delete without a location' });
  });
});

describe('ignored is', () => {
  test.each<[string, unknown]>([
    ['a copy outside of Azure, as documented', fixture('eventgrid-image-pushed-v2')],
    [
      'a copy outside of Azure, spelled as the filters do',
      { ...cloudEvent, data: { ...data, connectedregistry: { name: 'edge1' } } },
    ],
    ['a copy outside of Azure by its source', { ...cloudEvent, source: `${id}/connectedRegistries/edge1` }],
    ['a chart', { ...cloudEvent, type: 'Microsoft.ContainerRegistry.ChartPushed' }],
    ['an event of an unknown type', { ...cloudEvent, type: 'Microsoft.ContainerRegistry.ImageQuarantined' }],
    ['an event with a longer name', { ...cloudEvent, type: 'Microsoft.ContainerRegistry.ImagePushedAgain' }],
    ['an event of another service', { ...cloudEvent, type: 'Microsoft.Storage.BlobCreated' }],
    ['a registry that is not tracked', { ...cloudEvent, source: id.replace('Contoso', 'other') }],
    [
      'a registry that is not tracked, whatever its client called it',
      {
        ...cloudEvent,
        source: id.replace('Contoso', 'other'),
        data: { ...data, request: { host: 'contoso.azurecr.io' } },
      },
    ],
    [
      'the same in the schema of Event Grid',
      {
        eventType: cloudEvent.type,
        topic: id.replace('Contoso', 'other'),
        data: { ...data, request: { host: 'contoso.eastus.geo.azurecr.io' } },
      },
    ],
    ['a name that every object answers to', { ...cloudEvent, source: id.replace('Contoso', 'constructor') }],
  ])('%s', (_what, event) => {
    expect(parse(event)).toMatchObject({ kind: 'ignored' });
  });

  test('not the documented event once it is not connected', () => {
    const event = fixture('eventgrid-image-pushed-v2');
    const { connectedRegistry: _connected, ...rest } = event.data;
    expect(parse({ ...event, data: rest })).toMatchObject({
      kind: 'report',
      received: {
        name: { registry: 'demo' },
        fact: { region: 'chinanorth', eventTime: '2018-04-25T21:39:47.276585742Z' },
      },
    });
  });
});

describe('invalid is', () => {
  test.each<[string, unknown, RegExp]>([
    ['no object', 'pushed', /^body: must be an object$/],
    ['a list', [cloudEvent], /^body: must be an object$/],
    ['no data', { ...cloudEvent, data: undefined }, /^data: is required$/],
    [
      'a masked digest',
      { ...cloudEvent, data: { ...data, target: { ...target, digest: 'sha256:xxxx' } } },
      /data\.target\.digest: must be/,
    ],
    ['no time', { ...cloudEvent, data: { ...data, timestamp: undefined } }, /data\.timestamp: is required and must be/],
    [
      'a region that is none',
      { ...cloudEvent, data: { ...data, location: 'east-us' } },
      /data\.location: must be .*east-us/,
    ],
    ['a location that is no text', { ...cloudEvent, data: { ...data, location: 7 } }, /^data\.location: /],
    ['a push called delete', { ...cloudEvent, data: { ...data, action: 'delete' } }, /data\.action: "delete"/],
  ])('%s', (_what, event, reason) => {
    expect(parse(event)).toMatchObject({ kind: 'invalid', reason: expect.stringMatching(reason) });
  });

  test('never an exception, whatever comes', () => {
    const shapes = fc.record({
      type: fc.constant('ImagePushed'),
      source: fc.constantFrom(id, ''),
      data: fc.oneof(
        fc.anything(),
        fc.anything().map((anything) => ({ ...data, target: anything })),
      ),
    });
    fc.assert(
      fc.property(fc.oneof(fc.anything(), shapes), (event) => {
        expect(parse(event).kind).toMatch(/^(ignored|invalid)$/);
      }),
    );
  });
});
