/** A region that has the image and lacks what was asked for with it is not called available, and what it lacks is named. */
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/cli/document.ts';
import { readAnswer } from '../../src/cli/document.ts';
import { drawScene } from '../../src/cli/live-progress.ts';
import { plainProgress } from '../../src/cli/plain-progress.ts';
import { describeAnswer } from '../../src/cli/status.ts';
import { callCommand } from '../support/call-command.ts';
import { manualClock } from '../support/manual-clock.ts';
import { digest, documentWith, pinned, severalWith, startTrackerStandIn } from '../support/tracker-stand-in.ts';

const image = 'contoso.azurecr.io/team/app:prod';
const regions = ['brazilsouth', 'eastus', 'japaneast', 'uksouth'];
const older = `sha256:60c1d2a3b4c5${'0'.repeat(52)}`;

/** All four have the image; these lack what was asked for with it. */
function partly(missing: string[], more: Record<string, unknown>) {
  const requirement = { regions, require: 'all', needed: 4, have: 4 - missing.length };
  return documentWith(regions, [], { satisfied: missing.length === 0, missing, requirement, ...more });
}

const unsigned = partly(['japaneast', 'uksouth'], {
  artifacts: [{ kind: 'signature', known: true, missing: ['japaneast', 'uksouth'] }],
});
const pointers = regions.map((region) => ({
  region,
  digest: region.startsWith('e') || region[0] === 'b' ? digest : older,
}));
const diverged = partly(['japaneast', 'uksouth'], { tag: { name: 'prod', state: 'diverged', regions: pointers } });
const untagged = partly(['uksouth'], {
  tag: { name: 'prod', state: 'converging', regions: pointers.slice(0, 2).concat({ region: 'japaneast', digest }) },
});
const platform = (name: string, missing: string[]) => ({ kind: 'platform', platform: name, digest, missing });
const members = [platform('linux/amd64', []), platform('linux/arm64', ['brazilsouth'])];
const indexed = documentWith(regions.slice(1), ['brazilsouth'], { members });
/** Asked for linux/amd64 alone: brazilsouth counts although it lacks the image. */
const narrowed = {
  ...{ ...indexed, satisfied: true, missing: [] },
  requirement: { regions, require: 'all', needed: 4, have: 4 },
};

const read = (document: object): Answer => readAnswer({ ...document }) ?? expect.fail('no document');
const status = (document: object, platforms?: string) =>
  describeAnswer(read(document), {}, platforms).replaceAll(/ {2,}/g, '  ').split('\n');
const since = '2026-06-01T12:00:00.000Z';

describe('status', () => {
  test('names the regions that lack the signature', () => {
    expect(status(unsigned)).toEqual([
      `${pinned}: available, in 4 of 4 regions`,
      'signature: missing in japaneast, uksouth',
      'REGION  STATE  AFTER THE FIRST  SINCE',
      `brazilsouth  available  0 s  ${since}`,
      `eastus  available  1.5 s  ${since}`,
      `japaneast  missing signature  3 s  ${since}`,
      `uksouth  missing signature  4.5 s  ${since}`,
    ]);
  });

  test('says where a tag is another image', () => {
    const lines = status(diverged);
    expect(lines.slice(0, 2)).toEqual([
      `${pinned}: available, in 4 of 4 regions`,
      'tag prod: diverged, 2 of 4 regions resolve it to this digest; japaneast, uksouth resolve it to sha256:60c1d2a3b4c5',
    ]);
    expect(lines.slice(5)).toEqual([
      `japaneast  diverged, prod is 60c1d2a3b4c5  3 s  ${since}`,
      `uksouth  diverged, prod is 60c1d2a3b4c5  4.5 s  ${since}`,
    ]);
  });

  test('says which region has not reported a tag', () => {
    const lines = status(untagged);
    expect(lines[1]).toBe('tag prod: converging, 3 of 4 regions resolve it to this digest; not reported by uksouth');
    expect(lines.at(-1)).toMatch(/^uksouth {2}missing tag prod/);
  });

  test.each([
    [
      'deleting',
      ['eastus'],
      'being deleted; still in eastus; deleted in brazilsouth, japaneast; not reported by uksouth',
    ],
    ['deleted', [], 'deleted in brazilsouth, japaneast; not reported by eastus, uksouth'],
    // Pushed again: on its way once more.
    [
      'replicating',
      ['eastus'],
      'converging, 1 of 4 regions resolve it to this digest; deleted in brazilsouth, japaneast; not reported by uksouth',
    ],
  ])('says where a tag is lost with its image that is %s', (state, have, words) => {
    const document = documentWith(
      have,
      regions.filter((region) => !have.includes(region)),
      { state },
    );
    const lost = ['brazilsouth', 'japaneast'];
    const listed = document.regions.map((one) => (lost.includes(one.region) ? { ...one, state: 'deleted' } : one));
    const name = { name: 'prod', state: have.length === 0 ? 'unknown' : 'converging' };
    const tag = { ...name, regions: have.map((region) => ({ region, digest })) };
    expect(status({ ...document, regions: listed, tag })[1]).toBe(`tag prod: ${words}`);
  });

  test('of several says where an image that is being deleted is left', async () => {
    const deleting = documentWith(['eastus'], ['japaneast', 'uksouth'], { state: 'deleting' });
    const body = severalWith([deleting, unsigned], 'deleting');
    const { url } = await startTrackerStandIn(() => ({ status: 200, body }));
    const { out } = await callCommand(['status', image, pinned, '--url', url]);
    expect(out.replaceAll(/ {2,}/g, '  ')).toContain('deleting  1/3  still in eastus\n');
  });

  test('says that a signature is everywhere, nowhere, or not known', () => {
    const signature = (known: boolean, missing: string[]) =>
      partly(missing, { artifacts: [{ kind: 'signature', known, missing }] });
    expect(status(signature(true, []))[1]).toBe('signature: in 4 of 4 regions');
    expect(status(signature(true, regions))[1]).toBe('signature: missing in every region');
    expect(status(signature(false, regions))[1]).toBe('signature: unknown, what is attached could not be read');
  });

  test('names the platform that a region lacks', () => {
    expect(status(indexed).slice(0, 4)).toEqual([
      `${pinned}: replicating, in 3 of 4 regions`,
      'linux/arm64: missing in brazilsouth',
      'REGION  STATE  AFTER THE FIRST  SINCE',
      'brazilsouth  missing linux/arm64',
    ]);
  });

  test('calls a region available that has the platforms asked for', () => {
    const lines = status(narrowed, 'linux/amd64');
    expect(lines.slice(0, 3)).toEqual([
      `${pinned}: replicating, in 3 of 4 regions`,
      'linux/arm64: missing in brazilsouth',
      'with linux/amd64 alone: in 4 of 4 regions',
    ]);
    expect(lines).toContain('brazilsouth  available');
    expect(status(indexed, 'linux/arm64')[2]).toBe('with linux/arm64 alone: missing in brazilsouth');
  });

  test('says "at most" of a lag that a probe found', () => {
    const [first, ...others] = documentWith(regions, []).regions;
    const late = others.map((region) => ({ ...region, evidence: ['probe', 'webhook'], lagSeconds: 67 }));
    expect(status({ ...documentWith(regions, []), regions: [first, ...late] })[3]).toMatch(/at most 1 min 7 s/);
  });

  test.each([
    [[], {}],
    [
      ['--artifacts', 'signature', '--platforms', 'linux/amd64,linux/arm64'],
      { artifacts: 'signature', platforms: 'linux/amd64,linux/arm64' },
    ],
  ])('asks for parts: %j', async (words, parts) => {
    const tracker = await startTrackerStandIn(({ path, body }) => ({
      ...{ status: 200, body: body === undefined ? unsigned : severalWith([unsigned, unsigned], 'available'), path },
    }));
    await callCommand(['status', image, ...words, '--url', tracker.url]);
    await callCommand(['status', image, pinned, ...words, '--url', tracker.url]);
    expect(tracker.asked).toMatchObject([
      { path: '/api/availability', query: { image, ...parts } },
      { path: '/api/availability', body: { images: [image, pinned], ...parts } },
    ]);
  });

  test('of several says what is missing, and does not call an unsigned image available', async () => {
    const body = severalWith([unsigned, diverged, indexed], 'replicating');
    const { url } = await startTrackerStandIn(() => ({ status: 200, body }));
    const { out } = await callCommand(['status', image, pinned, '--artifacts', 'signature', '--url', url]);
    expect(out.replaceAll(/ {2,}/g, '  ').split('\n').slice(2, 5)).toEqual([
      'team/app@sha256:aaaaaaaaaaaa  missing  2/4  signature in japaneast, uksouth',
      'team/app:prod  diverged  2/4  tag prod in japaneast, uksouth',
      'team/app@sha256:aaaaaaaaaaaa  replicating  3/4  linux/arm64 in brazilsouth',
    ]);
  });

  test('of a platform agrees with its index, which is named', async () => {
    const index = { ...documentWith(['eastus'], ['uksouth'], { delayed: true }), image: pinned, digest };
    const part = documentWith(['eastus'], ['uksouth'], { memberOf: [older] });
    const { url } = await startTrackerStandIn(({ query }) => ({
      ...{ status: 200, body: query.image === `contoso.azurecr.io/team/app@${older}` ? index : part },
    }));
    expect((await callCommand(['status', pinned, '--url', url])).out.split('\n').slice(0, 2)).toEqual([
      `${pinned}: replicating, delayed, in 1 of 2 regions`,
      `part of the index ${older}: delayed`,
    ]);
  });

  test('of an image that no region has reported names what is near', async () => {
    const unknown = documentWith([], regions, { image, digest: null });
    const images = [{ repository: 'team/app', tags: ['prod-2'] }];
    const { url } = await startTrackerStandIn(({ path }) => ({
      ...{ status: 200, body: path === '/api/images' ? { images } : unknown },
    }));
    expect((await callCommand(['status', image, '--url', url])).out).toBe(
      `no region has reported ${image} yet; the nearest names: team/app:prod-2\n`,
    );
  });
});

describe('wait', () => {
  const request = { image, regions: undefined, require: undefined, timeoutMs: 60_000 };

  test('marks no region that lacks the signature, and says why', () => {
    const scene = { request, answer: read(unsigned), failure: undefined, elapsedMs: 0, frame: undefined };
    expect(
      drawScene(scene, (_color, text) => text)
        .split('\n')
        .slice(1),
    ).toEqual([
      '✔ brazilsouth  available, first',
      '✔ eastus       available, 1.5 s after the first',
      '· japaneast    missing signature',
      '· uksouth      missing signature',
    ]);
  });

  test('in a log calls a region available once it has the signature', () => {
    const output = new PassThrough();
    const progress = plainProgress(output, { ...request, image: pinned }, manualClock());
    progress.answered(read(unsigned), 0);
    progress.answered(read(partly([], {})), 5_000);
    progress.finish();
    expect(String(output.read()).split('\n').slice(1, -1)).toEqual([
      '   0 s  brazilsouth: available, first (2 of 4 regions)',
      '   0 s  eastus: available, 1.5 s after the first (2 of 4 regions)',
      '   0 s  missing: signature in japaneast, uksouth',
      '   5 s  japaneast: available, 3 s after the first (4 of 4 regions)',
      '   5 s  uksouth: available, 4.5 s after the first (4 of 4 regions)',
    ]);
  });

  test.each([
    [unsigned, 'signature in japaneast, uksouth'],
    [diverged, 'tag prod in japaneast, uksouth'],
    [indexed, 'linux/arm64 in brazilsouth'],
  ])('ends with what is missing (%#)', async (body, missing) => {
    const { url } = await startTrackerStandIn(() => ({ status: 202, body }));
    const { code, out } = await callCommand(['wait', image, '--timeout', '0', '--url', url]);
    expect([code, out]).toEqual([2, expect.stringMatching(new RegExp(`; missing: ${missing}\n$`))]);
  });
});
