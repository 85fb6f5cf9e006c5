import { describe, expect, test } from 'vitest';
import type { ReplicaSet } from '../../../src/core/model/replica-set.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { webhookAddress, webhookName } from '../../../src/core/webhooks/address.ts';
import type { WebhookAuditorDeps } from '../../../src/core/webhooks/auditor.ts';
import { webhookAuditor } from '../../../src/core/webhooks/auditor.ts';
import { regionOf, registryOf, replicaSetOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';
import type { MemoryWebhook, MemoryWebhooks } from '../../support/memory-webhooks.ts';
import { addressOf, away, memoryLog, memoryWebhooks, publicUrl, refused } from '../../support/memory-webhooks.ts';

const resourceId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso';
const contoso = registryOf({ resourceId });
const secret = 'the-secret-of-the-tests';
const ownName = (region: string) => webhookName(addressOf(region));

function setUp(mode: WebhookAuditorDeps['mode'], parts: Partial<WebhookAuditorDeps> = {}) {
  const directory: MemoryWebhooks = memoryWebhooks();
  const clock = manualClock();
  const log = memoryLog();
  const registries = parts.registries ?? [contoso];
  const care = webhookAuditor({
    registries,
    directory,
    mode,
    publicUrl,
    secret,
    clock,
    log,
    replicaSet: (registry) => replicaSetOf(registry, clock.now()),
    ...parts,
  });
  const statusOf = (region: string) => care.status(registries[0] ?? contoso, regionOf(region));
  /** One run, with the time for which pings are waited for. */
  const run = async () => {
    const done = care.run();
    await clock.advance(30_000);
    await done;
  };
  return { directory, clock, log, care, statusOf, run };
}

/** The audit of East US; the webhook of West Europe is correct. */
async function auditOf(name: string, changes: Partial<MemoryWebhook>, region = 'eastus') {
  const { directory, care, statusOf } = setUp('audit');
  directory.add(name, region, changes);
  directory.add('west', 'westeurope');
  await care.run();
  return { finding: statusOf('eastus'), west: statusOf('westeurope'), directory };
}

describe('an audit says', () => {
  test('ok for a webhook that is as it must be, and when that was', async () => {
    const { care, statusOf, directory, clock } = setUp('audit');
    directory.add('east', 'eastus', {
      actions: ['Push', 'quarantine', 'delete'],
      serviceUri: `${addressOf('eastus')}?x=y`,
    });
    await care.run();
    expect(statusOf('eastus')).toEqual({ status: 'ok', checkedAt: clock.now() });
  });

  test.each<[string, string, Partial<MemoryWebhook>, RegExp]>([
    ['missing', 'other', { serviceUri: 'https://example.com/hook' }, /no webhook of this region/],
    ['missing', 'other', { serviceUri: addressOf('eastus', 'fabrikam') }, /no webhook of this region/],
    ['disabled', 'east', { enabled: false }, /^webhook east is disabled$/],
    ['misconfigured', 'east', { actions: ['push'] }, /^webhook east does not send "delete"$/],
    ['misconfigured', 'east', { actions: [] }, /"push", does not send "delete"$/],
    ['misconfigured', 'east', { scope: 'team/app:*' }, /only sends what matches "team\/app:\*"$/],
    ['misconfigured', 'east', { serviceUri: addressOf('westeurope') }, /has the address of westeurope$/],
    ['misconfigured', ownName('eastus'), { serviceUri: 'https://example.com/hook?code=abc' }, /points elsewhere$/],
  ])('%s: %s %j', async (status, name, changes, reason) => {
    const { finding, directory } = await auditOf(name, changes);
    expect(finding).toMatchObject({ status, reason: expect.stringMatching(reason) });
    expect(finding.reason).not.toMatch(/https?:|code|secret/);
    expect(directory.callsOf('put')).toEqual([]);
  });

  test('misconfigured while another region’s webhook reports for this one as well', async () => {
    const { directory, care, statusOf } = setUp('audit');
    directory.add('east', 'eastus');
    directory.add('west', 'westeurope');
    directory.add('liar', 'westeurope', { serviceUri: addressOf('eastus') });
    await care.run();
    const reason = 'webhook liar of westeurope has the address of this region';
    expect(statusOf('eastus')).toMatchObject({ status: 'misconfigured', reason });
    expect(statusOf('westeurope')).toMatchObject({ status: 'ok' });
  });

  test('ok while one of several is as it must be', async () => {
    const { directory, care, statusOf } = setUp('audit');
    directory.add('old', 'eastus', { enabled: false });
    directory.add('east', 'eastus');
    await care.run();
    expect(statusOf('eastus')).toMatchObject({ status: 'ok' });
  });

  test.each([
    [401, 'misconfigured'],
    [403, 'misconfigured'],
    [404, 'misconfigured'],
    // The app was away, or slow: no fault of the webhook.
    [503, 'ok'],
    [504, 'ok'],
    [200, 'ok'],
  ])('of a webhook whose newest delivery was answered %s: %s', async (status, expected) => {
    const at = (second: number) => ({ timestamp: `2026-06-01T12:00:0${second}Z`, action: 'push' });
    const { finding } = await auditOf('east', {
      deliveries: [
        { id: 'b', body: at(2), status: 200 },
        { id: 'c', body: at(3), status },
        { id: 'a', body: at(1), status: 401 },
      ],
    });
    expect(finding.status).toBe(expected);
  });

  test('ok when only the log of deliveries may not be read', async () => {
    const { directory, care, statusOf } = setUp('audit');
    directory.add('east', 'eastus');
    directory.failing.set('deliveries', refused);
    await care.run();
    expect(statusOf('eastus').status).toBe('ok');
  });

  test('unknown, never missing, while the control plane cannot be asked', async () => {
    const { directory, care, statusOf, log } = setUp('audit');
    directory.add('east', 'eastus');
    await care.run();
    for (const call of ['list', 'serviceUri']) {
      directory.failing.clear();
      directory.failing.set(call, refused);
      await care.run();
      expect(statusOf('eastus')).toMatchObject({
        status: 'unknown',
        reason: expect.stringContaining('unauthorized: ARM'),
      });
    }
    directory.failing.clear();
    await care.run();
    expect(statusOf('eastus').status).toBe('ok');
    expect(log.lines.filter((line) => line.includes('"region":"eastus"')).map((line) => line.split(' {')[0])).toEqual([
      'webhook ok',
      'webhook unknown',
      'webhook unknown',
      'webhook ok',
    ]);
  });

  test('in the log what is wrong each time, and what is right once', async () => {
    const { care, directory, log } = setUp('audit');
    directory.add('west', 'westeurope');
    for (let time = 0; time < 3; time++) await care.run();
    const messages = log.lines.map((line) => line.split(' {')[0]);
    expect(messages.toSorted()).toEqual(['webhook missing', 'webhook missing', 'webhook missing', 'webhook ok']);
  });

  test('nothing of regions that are not expected', async () => {
    const { care, statusOf, directory } = setUp('audit', {
      registries: [registryOf({ resourceId, observedOnly: [regionOf('westeurope')] })],
    });
    directory.add('east', 'eastus');
    await care.run();
    expect(statusOf('westeurope')).toEqual({ status: 'unknown', reason: 'not an expected region', checkedAt: null });
    expect(statusOf('northeurope')).toMatchObject({ status: 'unknown' });
  });

  test.each<[string, WebhookAuditorDeps['mode'], Partial<WebhookAuditorDeps>, RegExp]>([
    ['turned off', 'off', {}, /WEBHOOK_MANAGEMENT/],
    ['without a resource id', 'manage', { registries: [registryOf()] }, /resourceId/],
    ['without a directory', 'manage', { directory: undefined }, /resourceId/],
    ['without an address', 'manage', { publicUrl: undefined }, /PUBLIC_URL/],
  ])('why there is no audit: %s', async (_what, mode, parts, reason) => {
    const { care, statusOf, directory } = setUp(mode, parts);
    await care.run();
    expect(statusOf('eastus')).toMatchObject({
      status: 'unknown',
      reason: expect.stringMatching(reason),
      checkedAt: null,
    });
    expect(directory.calls).toEqual([]);
  });
});

describe('a question on an instance without the timer', () => {
  test('starts an audit, and later gets its result', async () => {
    const { directory, statusOf, clock } = setUp('manage');
    directory.add('east', 'eastus');
    expect(statusOf('eastus')).toEqual({ status: 'unknown', reason: 'not audited yet', checkedAt: null });
    await clock.settle();
    expect(statusOf('eastus').status).toBe('ok');
    // Only audits: the timer repairs.
    expect(statusOf('westeurope').status).toBe('missing');
    expect(directory.callsOf('put')).toEqual([]);
  });

  test('starts an audit soon for a region that was added', async () => {
    const sets = [replicaSetOf(registryOf({ regions: [regionOf('westeurope')] })), replicaSetOf()];
    const { directory, statusOf, clock, care } = setUp('audit', { replicaSet: () => sets[0] ?? replicaSetOf() });
    directory.add('east', 'eastus');
    await care.run();
    sets.shift();
    await clock.advance(61_000);
    expect(statusOf('eastus').reason).toBe('not audited yet');
    await clock.settle();
    expect(statusOf('eastus').status).toBe('ok');
  });

  test('waits for the regions to be known', async () => {
    let replicas: ReplicaSet['replicas'] = [];
    const { directory, care, statusOf } = setUp('audit', {
      ready: async () => {
        replicas = replicaSetOf().replicas;
      },
      replicaSet: () => ({ ...replicaSetOf(), replicas }),
    });
    directory.add('east', 'eastus');
    await care.run();
    expect(statusOf('eastus').status).toBe('ok');
  });

  test('asks the control plane no more than every quarter of an hour', async () => {
    const { directory, statusOf, clock } = setUp('audit');
    directory.failing.set('list', away);
    for (let time = 0; time < 5; time++) {
      statusOf('eastus');
      statusOf('westeurope');
      await clock.advance(60_000);
    }
    expect(directory.callsOf('list')).toHaveLength(1);
    await clock.advance(12 * 60_000);
    statusOf('eastus');
    await clock.settle();
    expect(directory.callsOf('list')).toHaveLength(2);
  });
});

describe('managing', () => {
  test('creates what is missing, and has a ping prove it', async () => {
    const { directory, statusOf, run } = setUp('manage');
    directory.add('west', 'westeurope');
    await run();
    const made = directory.webhooks.get(ownName('eastus'));
    expect(made).toMatchObject({ region: 'eastus', serviceUri: addressOf('eastus'), secret });
    expect(directory.callsOf('put')).toEqual([`put ${ownName('eastus')}`]);
    expect(directory.callsOf('ping')).toEqual([`ping ${ownName('eastus')}`]);
    expect(statusOf('eastus').status).toBe('ok');
    await run();
    expect(directory.callsOf('put')).toHaveLength(1);
  });

  test.each<[string, Partial<MemoryWebhook>]>([
    ['east', { enabled: false }],
    ['east', { actions: ['push'] }],
    ['east', { scope: 'app' }],
    ['east', { serviceUri: addressOf('westeurope') }],
    ['east', { deliveries: [{ id: 'a', body: { timestamp: '2026-06-01T11:00:00Z' }, status: 401 }] }],
    [ownName('eastus'), { serviceUri: 'https://example.com/hook' }],
  ])('repairs %s with %j instead of adding another', async (name, changes) => {
    const { directory, statusOf, run } = setUp('manage');
    directory.add(name, 'eastus', changes);
    directory.add('west', 'westeurope');
    await run();
    expect(directory.callsOf('put')).toEqual([`put ${name}`]);
    expect(directory.webhooks.get(name)).toMatchObject({ enabled: true, scope: '', serviceUri: addressOf('eastus') });
    expect([statusOf('eastus').status, statusOf('westeurope').status]).toEqual(['ok', 'ok']);
  });

  test('repairs the one of several that needs least', async () => {
    const { directory, run } = setUp('manage');
    directory.add(ownName('eastus'), 'eastus', { serviceUri: 'https://example.com/hook' });
    directory.add('turned', 'eastus', { serviceUri: addressOf('westeurope') });
    directory.add('asleep', 'eastus', { enabled: false });
    directory.add('west', 'westeurope');
    await run();
    expect(directory.callsOf('put')).toContain('put asleep');
    expect(directory.callsOf('put')).not.toContain(`put ${ownName('eastus')}`);
  });

  test('corrects a webhook that reports for another region, changing it once', async () => {
    const { directory, statusOf, run } = setUp('manage');
    directory.add('liar', 'westeurope', { serviceUri: addressOf('eastus') });
    await run();
    expect(directory.webhooks.get('liar')?.serviceUri).toBe(addressOf('westeurope'));
    expect(directory.callsOf('put').sort()).toEqual(['put liar', `put ${ownName('eastus')}`].sort());
    expect([statusOf('eastus').status, statusOf('westeurope').status]).toEqual(['ok', 'ok']);
  });

  test('never touches the webhooks of others', async () => {
    const { directory, run } = setUp('manage');
    const others = [
      directory.add('other', 'eastus', { serviceUri: 'https://example.com/hook', enabled: false }),
      directory.add('staging', 'eastus', { serviceUri: 'https://staging.contoso.com/api/webhooks/contoso/eastus' }),
      directory.add('acrreplicationeastus', 'eastus', { serviceUri: 'https://staging.contoso.com/x', scope: 'a' }),
    ];
    await run();
    for (const other of others) expect(directory.webhooks.get(other.name)).toBe(other);
    expect(directory.callsOf('ping').sort()).toEqual(
      [`ping ${ownName('eastus')}`, `ping ${ownName('westeurope')}`].sort(),
    );
  });

  test('changes nothing while an address is unreadable: it may be the right one', async () => {
    const { directory, statusOf, run } = setUp('manage');
    directory.add('east', 'eastus');
    directory.add('west', 'westeurope');
    directory.failing.set('serviceUri east', away);
    await run();
    expect(directory.callsOf('put')).toEqual([]);
    expect(statusOf('eastus')).toMatchObject({ status: 'unknown' });
  });

  test('says that it could not, and why, without giving up the other regions', async () => {
    const { directory, statusOf, run } = setUp('manage');
    directory.failing.set(`put ${ownName('eastus')}`, refused);
    await run();
    expect(statusOf('eastus')).toMatchObject({
      status: 'missing',
      reason: expect.stringContaining('not repaired: unauthorized'),
    });
    expect(statusOf('westeurope')).toMatchObject({ status: 'ok' });
  });

  test('in one process changes a webhook in one run at a time', async () => {
    const { directory, run } = setUp('manage');
    await Promise.all([run(), run()]);
    expect(directory.callsOf('put')).toHaveLength(2);
  });

  test('survives a control plane whose answers are not as documented', async () => {
    const directory = { ...memoryWebhooks(), list: () => Promise.reject(new TypeError('not a list')) };
    const { statusOf, run } = setUp('manage', { directory });
    await run();
    expect(statusOf('eastus')).toMatchObject({ status: 'unknown', reason: expect.stringContaining('not a list') });
  });
});

describe('a ping', () => {
  function silentSetUp() {
    const all = setUp('manage');
    all.directory.onPing = () => undefined;
    all.directory.add('west', 'westeurope');
    return all;
  }

  test('that does not come within a minute is a misconfigured webhook', async () => {
    const { care, clock, statusOf } = silentSetUp();
    const done = care.run();
    await clock.advance(59_000);
    expect(statusOf('eastus').status).toBe('unknown');
    await clock.advance(2_000);
    await done;
    expect(statusOf('eastus')).toMatchObject({ status: 'misconfigured', reason: 'ping not received' });
  });

  test('is asked for again until it comes, without changing the webhook again', async () => {
    const { care, clock, statusOf, directory, run } = silentSetUp();
    const first = care.run();
    await clock.advance(61_000);
    await first;
    directory.onPing = () => 200;
    await run();
    expect(statusOf('eastus').status).toBe('ok');
    expect(directory.callsOf('ping')).toHaveLength(2);
    expect(directory.callsOf('put')).toHaveLength(1);
    await run();
    expect(directory.callsOf('ping')).toHaveLength(2);
  });

  test('that comes to the endpoint is enough', async () => {
    const { care, clock, statusOf } = silentSetUp();
    const done = care.run();
    await clock.advance(3_000);
    care.arrived('ping-1');
    await done;
    expect(statusOf('eastus').status).toBe('ok');
  });

  test('may come before its id is known', async () => {
    const { care, statusOf, directory } = silentSetUp();
    directory.onPing = (_webhook, id) => {
      care.arrived(id);
      return undefined;
    };
    await care.run();
    expect(statusOf('eastus').status).toBe('ok');
  });

  test('with another id proves nothing', async () => {
    const { care, clock, statusOf } = silentSetUp();
    const done = care.run();
    for (let other = 0; other < 2_000; other++) care.arrived(`other-${other}`);
    await clock.advance(61_000);
    await done;
    expect(statusOf('eastus').status).toBe('misconfigured');
  });

  test('that came in at another instance is found in the log', async () => {
    const { care, clock, statusOf, directory } = silentSetUp();
    const done = care.run();
    await clock.advance(1_000);
    const body = { id: 'ping-1', timestamp: '2026-06-01T12:00:00Z', action: 'ping' };
    directory.webhooks.get(ownName('eastus'))?.deliveries.push({ id: 'entry', body, status: 200 });
    await clock.advance(10_000);
    await done;
    expect(statusOf('eastus').status).toBe('ok');
  });

  test('that was turned away did not come', async () => {
    const { care, clock, statusOf, directory } = silentSetUp();
    directory.onPing = () => 401;
    const done = care.run();
    await clock.advance(61_000);
    await done;
    expect(statusOf('eastus')).toMatchObject({ status: 'misconfigured', reason: 'ping not received' });
  });

  test('that cannot be requested leaves the fault as it was reported', async () => {
    const { care, statusOf, directory } = silentSetUp();
    directory.failing.set('ping', new UpstreamError('unauthorized', 'ARM, pinging (403)'));
    await care.run();
    expect(statusOf('eastus')).toMatchObject({ status: 'missing', reason: expect.stringContaining('unauthorized') });
  });
});

describe('the name of the webhook we create', () => {
  test.each(['eastus', 'westeurope', 'a'.repeat(40)])('for %s is one that the registry accepts', (region) => {
    const name = webhookName(webhookAddress(`${publicUrl}/`, contoso, regionOf(region)));
    expect(name).toMatch(/^[a-z0-9]{5,50}$/);
    // The same from one start to the next, with or without the slash.
    expect(webhookName(webhookAddress(publicUrl, contoso, regionOf(region)))).toBe(name);
  });

  test('differs by region and by app, so that two apps do not fight for one webhook', () => {
    const long = 'a'.repeat(38);
    const names = ['eastus', 'eastus2', `${long}1`, `${long}2`].flatMap((region) => [
      webhookName(addressOf(region)),
      webhookName(addressOf(region).replace('tracker', 'staging')),
    ]);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(50);
  });
});
