/** The running app reads its replicas from ARM, and uses the last known ones while ARM is down. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import type { ReplicaReport } from '../../src/core/query/replica-report.ts';
import type { ArmServer } from '../../src/local/simulator/arm-server.ts';
import { startArmServer } from '../../src/local/simulator/arm-server.ts';
import { createSimulator } from '../../src/local/simulator/simulator.ts';
import { createVirtualScheduler } from '../../src/local/simulator/virtual-scheduler.ts';
import type { App } from '../support/app.ts';
import { deliver, getJson, loginServer, registry, secret, startInstance } from '../support/app.ts';

const digest = `sha256:${'1'.repeat(64)}`;
let arm: ArmServer;
let app: App;

beforeAll(async () => {
  const simulator = createSimulator({
    registry,
    regions: ['eastus', 'westeurope'],
    seed: 1,
    scheduler: createVirtualScheduler(),
    url: 'http://127.0.0.1:1',
    secret,
  });
  arm = await startArmServer(simulator);
  const registries = JSON.stringify([{ name: registry, resourceId: arm.resourceId }]);
  app = await startInstance({ settings: { ARM_ENDPOINT: new URL(arm.url).origin, REGISTRIES: registries } });
}, 60_000);
afterAll(async () => {
  await app?.stop();
  await arm?.stop();
}, 60_000);

test('the first question already knows the replicas', async () => {
  const { body } = await getJson<ReplicaReport>(`${app.url}/api/replicas`);
  expect(body).toMatchObject({ source: 'arm', stale: false });
  expect(body.regions.map(({ region, expected }) => [region, expected])).toEqual([
    ['eastus', true],
    ['westeurope', true],
  ]);
});

test('with ARM down, an image is available when the known replicas have it', async () => {
  arm.setMode('unavailable');
  for (const region of ['eastus', 'westeurope']) await deliver([app.url], { digest, region });
  const question = `${app.url}/api/wait?image=${loginServer}/team/app@${digest}&timeout=10`;
  expect(await getJson<AvailabilityDocument>(question)).toMatchObject({ status: 200, body: { state: 'available' } });
});
