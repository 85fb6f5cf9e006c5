/**
 * Signatures in the simulated registry: what is pushed, what a replica lists as attached to an image, and the verdict
 * on a tracker that calls an image signed, or an index complete, where a part of it is missing.
 */
import { describe, expect, test } from 'vitest';
import {
  buildCosignSignature,
  buildSignature,
  readAttachment,
  toCosignTag,
} from '../../src/local/simulator/attachment.ts';
import { toManifestKey } from '../../src/local/simulator/change.ts';
import { planLoad } from '../../src/local/simulator/load.ts';
import { buildImage, buildIndex } from '../../src/local/simulator/manifest.ts';
import { openRandom } from '../../src/local/simulator/random.ts';
import { createRegionHandler } from '../../src/local/simulator/region-server.ts';
import type { Claim } from '../../src/local/simulator/tracker-client.ts';
import { judgeClaim, judgeTagClaim } from '../../src/local/simulator/verdict.ts';
import { createVirtualScheduler } from '../../src/local/simulator/virtual-scheduler.ts';
import { findEarlyClaims } from '../../src/local/simulator/watch-claims.ts';
import { createWorld, type World } from '../../src/local/simulator/world.ts';
import type { WorldOptions } from '../../src/local/simulator/world-state.ts';

const REGIONS = ['eastus', 'westeurope'];
const TOLD_ALL = { latest: () => true, everyTagged: () => true };
const TOLD_NOTHING = { latest: () => undefined, everyTagged: () => true };
function start(options: Partial<WorldOptions> = {}) {
  const scheduler = createVirtualScheduler();
  const world = createWorld({ registry: 'contoso', regions: REGIONS, seed: 5, scheduler, ...options });
  return { world, scheduler };
}

function claimOf(regions: readonly string[], more: Partial<Claim> = {}): Claim {
  const isAll = regions.length === REGIONS.length;
  return {
    ...{
      state: isAll ? 'available' : 'replicating',
      digest: null,
      satisfied: isAll,
      members: [],
      isAttachedKnown: true,
    },
    regions: REGIONS.map((region) => ({
      ...{ region, expected: true, since: '' },
      state: regions.includes(region) ? 'available' : 'missing',
    })),
    ...more,
  };
}

/** An index that is everywhere but for one member, which West Europe deleted. */
async function pushWithoutMember(): Promise<{ world: World; key: string }> {
  const { world, scheduler } = start();
  const image = buildIndex(openRandom(1));
  world.push('team/app', 'v1', image, { region: 'eastus' });
  await scheduler.run();
  const [member = image] = image.children;
  world.deleteManifest('team/app', member, { region: 'westeurope' });
  return { world, key: toManifestKey('team/app', image.digest) };
}

describe('signatures', () => {
  test('by notation are listed as referrers where they have arrived, and nowhere else', async () => {
    const { world, scheduler } = start();
    const image = buildImage(openRandom(1));
    const signature = buildSignature(openRandom(2), image);
    world.push('team/app', 'v1', image, { region: 'eastus' });
    await scheduler.run();
    world.push('team/app', null, signature, { region: 'eastus' });
    const ask = (region: string) => {
      const handle = createRegionHandler(world, region, { url: () => 'http://127.0.0.1', now: scheduler.now });
      const send = (method: string, path: string, form: Record<string, string> = {}, authorization?: string) =>
        handle({
          ...{ method, url: new URL(path, 'http://127.0.0.1') },
          ...{ headers: { authorization }, body: new URLSearchParams(form).toString() },
        });
      const tokenOf = (answer: { body?: unknown }) =>
        Object.values(JSON.parse(String(answer.body))).map(String)[0] ?? '';
      const service = '127.0.0.1';
      const refresh_token = tokenOf(
        send('POST', '/oauth2/exchange', { grant_type: 'access_token', service, access_token: 'entra' }),
      );
      const scope = 'repository:team/app:pull';
      const token = tokenOf(
        send('POST', '/oauth2/token', { grant_type: 'refresh_token', service, scope, refresh_token }),
      );
      const { status, body } = send('GET', `/v2/team/app/referrers/${image.digest}`, {}, `Bearer ${token}`);
      expect(status).toBe(200);
      return JSON.parse(String(body)).manifests;
    };
    const artifactType = 'application/vnd.cncf.notary.signature';
    expect(ask('eastus')).toEqual([expect.objectContaining({ digest: signature.digest, artifactType })]);
    expect(ask('westeurope')).toEqual([]);
    await scheduler.run();
    expect(ask('westeurope')).toHaveLength(1);
  });

  test('are known to belong to their image, by subject and by the tag of cosign', () => {
    const image = buildImage(openRandom(1));
    const signature = buildSignature(openRandom(2), image);
    const cosign = buildCosignSignature(openRandom(3));
    const subject = toManifestKey('team/app', image.digest);
    expect(readAttachment('team/app', signature, null)?.subject).toBe(subject);
    expect(readAttachment('team/app', cosign, toCosignTag(image.digest))?.subject).toBe(subject);
    expect(readAttachment('team/app', cosign, 'v1')).toBeUndefined();
  });

  test('are planned by the load, of both kinds, and change nothing else that is pushed', async () => {
    const run = async (signed: number) => {
      const { world, scheduler } = start();
      planLoad(world, scheduler, { seed: 9, images: 12, shares: { signed } });
      await scheduler.run();
      return world;
    };
    const [plain, signed] = [await run(0), await run(1)];
    expect(plain.signatures.size).toBe(0);
    expect(signed.signatures.size).toBeGreaterThan(8);
    expect(signed.truth.keys()).toEqual(expect.arrayContaining(plain.truth.keys()));
    const tags = [...(signed.replicas.get('eastus')?.tags.keys() ?? [])].filter((tag) => tag.endsWith('.sig'));
    expect(tags.length).toBeGreaterThan(1);
    expect(tags.length).toBeLessThan(signed.signatures.size);
  });
});

describe('the verdict on', () => {
  test('an index claimed where a member is missing is false, unless the tracker could not read the index', async () => {
    const { world, key } = await pushWithoutMember();
    const members = (world.families.get(key) ?? []).map((member) => member.slice(member.indexOf('@') + 1));
    expect(judgeClaim(world, TOLD_ALL, key, claimOf(REGIONS, { members })).outcome).toBe('false');
    expect(judgeClaim(world, TOLD_ALL, key, claimOf(['eastus'], { members })).outcome).toBe('agrees');
    expect(judgeClaim(world, TOLD_ALL, key, claimOf(REGIONS, { members: null })).outcome).toBe('agrees');
    const byTag = claimOf(REGIONS, { members, digest: key.slice(key.indexOf('@') + 1) });
    expect(judgeTagClaim(world, TOLD_ALL, 'team/app', 'v1', byTag).outcome).toBe('false');
  });

  test('an index not claimed where all of it is, is behind, or lost with its webhook event', async () => {
    const { world, key } = await pushWithoutMember();
    expect(judgeClaim(world, TOLD_ALL, key, claimOf([])).outcome).toBe('behind');
    expect(judgeClaim(world, TOLD_NOTHING, key, claimOf([])).outcome).toBe('lost');
  });

  test('an index claimed before a member came is early', async () => {
    const { world, scheduler } = start({ faults: { childrenAfterIndex: 1 } });
    const image = buildIndex(openRandom(1));
    world.push('team/app', 'v1', image, { region: 'eastus' });
    await scheduler.advance(2_000);
    const key = toManifestKey('team/app', image.digest);
    const members = image.children.map(({ digest }) => digest);
    const has = (region: string) =>
      [key, ...(world.families.get(key) ?? [])].every((each) => world.truth.isIn(region, each));
    expect(has('eastus')).toBe(true);
    expect(has('westeurope')).toBe(false);
    expect(findEarlyClaims(world, key, claimOf(['eastus'], { members }))).toEqual([]);
    expect(findEarlyClaims(world, key, claimOf(['westeurope'], { members }))).toHaveLength(1);
  });

  test('a signature claimed where it has not arrived is false', async () => {
    const { world, scheduler } = start();
    const image = buildImage(openRandom(1));
    const key = toManifestKey('team/app', image.digest);
    world.push('team/app', 'v1', image, { region: 'eastus' });
    await scheduler.run();
    world.push('team/app', null, buildSignature(openRandom(2), image), { region: 'eastus' });
    const attached = [...(world.signatures.get(key) ?? [])];
    expect(judgeClaim(world, TOLD_ALL, key, claimOf(REGIONS), attached).outcome).toBe('false');
    expect(judgeClaim(world, TOLD_ALL, key, claimOf(['eastus']), attached).outcome).toBe('agrees');
    expect(judgeClaim(world, TOLD_ALL, key, claimOf([]), attached).outcome).toBe('behind');
    const unknown = claimOf([], { isAttachedKnown: false });
    expect(judgeClaim(world, TOLD_ALL, key, unknown, attached).outcome).toBe('lost');
  });
});
