import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HealthEvent } from '../../../src/core/ingest/health-alert.ts';
import { parseHealthAlert } from '../../../src/core/ingest/health-alert.ts';
import { likelyCauses } from '../../../src/core/query/likely-causes.ts';
import { at, regionsOf } from '../../support/build.ts';
import type { AlertInput } from '../../support/health-alert.ts';
import { alertOf, impactOf } from '../../support/health-alert.ts';

const receivedAt = at('2026-06-01T12:01:00Z');

function eventOf(input: AlertInput = {}): HealthEvent {
  const read = parseHealthAlert(alertOf(input), receivedAt);
  if (!read.ok || read.value.kind !== 'event') throw new Error(`no event: ${JSON.stringify(read)}`);
  return read.value.event;
}

describe('an alert about the registry service', () => {
  test('is an open incident', () => {
    expect(eventOf()).toEqual({
      trackingId: 'VT60-9S8',
      title: 'Container Registry - East US - Mitigating',
      regions: ['eastus'],
      isEverywhere: false,
      isOpen: true,
      startedAt: at('2026-06-01T11:30:00Z'),
      reportedAt: at('2026-06-01T12:00:05.123Z'),
    });
  });

  test.each<[string, AlertInput, boolean]>([
    ['resolved by its stage', { properties: { stage: 'Resolved' } }, false],
    [
      'resolved by its status, without a stage',
      { context: { status: 'Resolved' }, properties: { stage: null } },
      false,
    ],
    ['resolved by the monitor', { essentials: { monitorCondition: 'Resolved' } }, false],
    ['a maintenance that is over', { properties: { incidentType: 'Maintenance', stage: 'Complete' } }, false],
    ['a maintenance to come', { properties: { incidentType: 'Maintenance', stage: 'Planned' } }, false],
    ['a maintenance called off', { properties: { incidentType: 'Maintenance', stage: 'Canceled' } }, false],
    ['a maintenance under way', { properties: { incidentType: 'Maintenance', stage: 'In Progress' } }, true],
    ['an incident without a stage', { context: { status: undefined }, properties: { stage: undefined } }, true],
    ['an incident without a type', { properties: { incidentType: undefined } }, true],
  ])('%s', (_what, input, isOpen) => {
    expect(eventOf(input).isOpen).toBe(isOpen);
  });

  test('names each region once, in order, as we write it', () => {
    const impactedServices = impactOf('West Europe', 'East US 2', 'West Europe', 'east us 2', '???');
    expect(eventOf({ properties: { impactedServices } }).regions).toEqual(['eastus2', 'westeurope']);
  });

  test.each([['Global'], ['East US', 'global']])('can be everywhere: %s', (...regions) => {
    const event = eventOf({ properties: { impactedServices: impactOf(...regions) } });
    expect(event).toMatchObject({ isEverywhere: true, regions: [] });
  });

  test('may list services as they are, without wrapping them in text', () => {
    const impactedServices = JSON.parse(impactOf('East US'));
    expect(eventOf({ properties: { impactedServices } }).regions).toEqual(['eastus']);
  });

  test('has a title of one short line', () => {
    const title = `  Trouble\r\n\u0000\u202ehere\t ${'x'.repeat(500)}`;
    expect(eventOf({ properties: { title } }).title).toMatch(/^Trouble here x{180,200}$/);
    expect(eventOf({ properties: { title: null } }).title).toBe('Container Registry incident');
  });

  test('has a time even where it contains none', () => {
    const times = { eventTimestamp: undefined, submissionTimestamp: 'yesterday' };
    expect(eventOf({ context: times }).reportedAt).toBe(at('2026-06-01T12:00:10Z'));
    const input = { context: times, essentials: { firedDateTime: null }, properties: { impactStartTime: '' } };
    expect(eventOf(input)).toMatchObject({ reportedAt: receivedAt, startedAt: null });
  });

  test.each([
    '1969-12-31T23:59:59Z',
    '+010000-01-01T00:00:00Z',
    '9999-12-31T23:59:59-01:00',
    '+275760-09-13T00:00:00Z',
  ])('has no time that answers cannot carry: %s', (time) => {
    const context = { eventTimestamp: time, submissionTimestamp: time };
    const input = { context, essentials: { firedDateTime: time }, properties: { impactStartTime: time } };
    expect(eventOf(input)).toMatchObject({ reportedAt: receivedAt, startedAt: null });
  });
});

describe('ignored is', () => {
  test.each<[string, AlertInput]>([
    [
      'another service',
      { properties: { impactedServices: '[{"ServiceName":"Storage","ImpactedRegions":[{"RegionName":"East US"}]}]' } },
    ],
    [
      'a service with a like name',
      {
        properties: { impactedServices: impactOf('East US').replace('Container Registry', 'Container Registry Tasks') },
      },
    ],
    ['no region at all', { properties: { impactedServices: impactOf() } }],
    ['an advisory', { properties: { incidentType: 'ActionRequired' } }],
    ['a security advisory', { properties: { incidentType: 'Security' } }],
    ['the alert of another monitor', { essentials: { monitoringService: 'Platform' }, context: { properties: null } }],
    ['the alert of no monitor', { essentials: { monitoringService: undefined } }],
  ])('%s', (_what, input) => {
    expect(parseHealthAlert(alertOf(input), receivedAt)).toMatchObject({ ok: true, value: { kind: 'ignored' } });
  });
});

describe('refused is', () => {
  const inner = 'data.alertContext.properties';
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'body'],
    ['a list', [alertOf()], 'body'],
    ['another schema', { ...alertOf(), schemaId: 'Microsoft.Insights/activityLogs' }, 'schemaId'],
    ['an alert without data', { ...alertOf(), data: null }, 'data'],
    ['an alert without context', alertWithout('alertContext'), 'data.alertContext'],
    ['an alert without essentials', alertWithout('essentials'), 'data.essentials'],
    ['an incident without an id', alertOf({ properties: { trackingId: undefined } }), `${inner}.trackingId`],
    ['an id that is no key', alertOf({ properties: { trackingId: 'a/b' } }), `${inner}.trackingId`],
    ['an id without an end', alertOf({ properties: { trackingId: 'a'.repeat(65) } }), `${inner}.trackingId`],
    ['services that are not JSON', alertOf({ properties: { impactedServices: '[{' } }), `${inner}.impactedServices`],
    ['services without names', alertOf({ properties: { impactedServices: '[{}]' } }), `${inner}.impactedServices`],
    [
      'regions without an end',
      alertOf({ properties: { impactedServices: impactOf(...Array<string>(501).fill('East US')) } }),
      `${inner}.impactedServices`,
    ],
  ])('%s, naming the field', (_what, body, field) => {
    const read = parseHealthAlert(body, receivedAt);
    expect(read).toMatchObject({ ok: false, problems: [{ field, reason: expect.any(String) }] });
  });

  test('never with an exception, whatever comes', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (anything, properties) => {
        parseHealthAlert(anything, receivedAt);
        parseHealthAlert(alertOf({ context: { properties } }), receivedAt);
        parseHealthAlert(
          alertOf({ properties: { impactedServices: anything, title: anything, stage: properties } }),
          receivedAt,
        );
      }),
    );
  });

  function alertWithout(field: 'essentials' | 'alertContext'): unknown {
    const { [field]: _left, ...data } = alertOf().data;
    return { ...alertOf(), data };
  }
});

describe('likely causes', () => {
  const now = at('2026-06-01T13:00:00Z');
  const late = regionsOf('westeurope', 'eastus');
  const west = eventOf({
    properties: {
      trackingId: 'W',
      title: 'West',
      impactedServices: impactOf('West Europe', 'North Europe'),
      impactStartTime: null,
    },
  });

  test('are the open incidents of these regions, the oldest first', () => {
    expect(likelyCauses([west, eventOf()], late, now)).toEqual([
      {
        trackingId: 'VT60-9S8',
        title: 'Container Registry - East US - Mitigating',
        regions: ['eastus'],
        since: '2026-06-01T11:30:00.000Z',
      },
      { trackingId: 'W', title: 'West', regions: ['westeurope'], since: null },
    ]);
  });

  test('are in every region when the incident is everywhere', () => {
    const event = { ...west, regions: [], isEverywhere: true };
    expect(likelyCauses([event], late, now)).toMatchObject([{ regions: late }]);
  });

  test('are none for regions that are not affected, and for no region', () => {
    expect(likelyCauses([west, eventOf()], regionsOf('southeastasia'), now)).toEqual([]);
    expect(likelyCauses([{ ...west, isEverywhere: true }], [], now)).toEqual([]);
  });

  test('are not incidents that are over, nor those without an alert for days', () => {
    expect(likelyCauses([{ ...west, isOpen: false }], late, now)).toEqual([]);
    expect(likelyCauses([west], late, west.reportedAt + 3 * 86_400_000)).toHaveLength(1);
    expect(likelyCauses([west], late, west.reportedAt + 3 * 86_400_000 + 1)).toEqual([]);
  });
});
