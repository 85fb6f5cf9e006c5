import { describe, expect, test } from 'vitest';
import { parseCheckBody } from '../../../src/core/checks/request-body.ts';

const [app, worker] = ['contoso.azurecr.io/app:v1', 'contoso.azurecr.io/worker:v1'];
const whole = { images: [app], regions: undefined, require: undefined, timeoutMs: 3_600_000 };

describe('is read', () => {
  test.each<[object, object]>([
    [{}, {}],
    [{ regions: 'eastus, westeurope' }, { regions: 'eastus, westeurope' }],
    [{ regions: ['eastus', 'westeurope'] }, { regions: 'eastus,westeurope' }],
    [{ image: ' contoso.azurecr.io/app:v1\r\n' }, {}],
    [{ images: [worker] }, { images: [app, worker] }],
    [{ image: null, images: [` ${worker} `, app, worker] }, { images: [worker, app] }],
    [{ image: '', images: `${worker} ${app}` }, { images: [worker, app] }],
    [{ images: `${worker},\r\n${app},\r\n` }, { images: [app, worker] }],
    [{ images: '' }, {}],
    [{ images: null }, {}],
    [{ image: `${app}\n${worker}` }, { images: [app, worker] }],
    [{ regions: 'eastus\r\nwesteurope\r\n' }, { regions: 'eastus\r\nwesteurope' }],
    [
      { regions: '\n', require: '2\r\n', timeout: '90\r\n' },
      { require: '2', timeoutMs: 90_000 },
    ],
    [{ regions: null, require: null, timeout: null }, {}],
    [{ regions: '', require: '', timeout: '' }, {}],
    [{ regions: [] }, {}],
    [{ require: 'any' }, { require: 'any' }],
    [{ require: 2 }, { require: '2' }],
    [{ require: '2' }, { require: '2' }],
    [{ artifacts: ['signature', 'sbom'] }, { artifacts: 'signature,sbom' }],
    [{ platforms: 'linux/amd64, linux/arm64' }, { platforms: 'linux/amd64, linux/arm64' }],
    [{ platforms: ['linux/amd64', 'linux/arm64'] }, { platforms: 'linux/amd64,linux/arm64' }],
    [{ artifacts: '', platforms: [] }, {}],
    [{ timeout: 0 }, { timeoutMs: 0 }],
    [{ timeout: 90 }, { timeoutMs: 90_000 }],
    [{ timeout: '90' }, { timeoutMs: 90_000 }],
    [{ timeout: 172_800 }, { timeoutMs: 172_800_000 }],
    [{ policy: 'something else', nested: { image: 1 } }, {}],
  ])('%j', (more, expected) => {
    expect(parseCheckBody({ image: app, ...more })).toEqual({ ok: true, value: { ...whole, ...expected } });
  });

  test.each([null, '', '\r\n'])('without an image: %j', (image) => {
    expect(parseCheckBody({ image, images: image })).toMatchObject({ ok: true, value: { images: [] } });
  });

  test.each([' shop-2.4\r\n', 'shop-2.4'])('a release instead: %j', (release) => {
    expect(parseCheckBody({ release, image: '', regions: '', require: '', timeout: 5 })).toEqual({
      ok: true,
      value: { images: [], release: 'shop-2.4', regions: undefined, require: undefined, timeoutMs: 5_000 },
    });
  });

  test('with a hundred images, of which repeats count once', () => {
    const images = Array.from({ length: 100 }, (_, i) => `contoso.azurecr.io/app:v${i}`);
    expect(parseCheckBody({ images: [...images, images[0]] })).toMatchObject({ ok: true, value: { images } });
    expect(parseCheckBody({ image: worker, images })).toMatchObject({
      ok: false,
      problems: [{ field: 'images', reason: 'must name 1 to 100 images' }],
    });
  });
});

describe('is refused', () => {
  test.each<[unknown, string]>([
    [undefined, 'body'],
    [null, 'body'],
    ['text', 'body'],
    [[], 'body'],
    [{ image: 5 }, 'image'],
    [{ image: {} }, 'image'],
    [{ image: 'contoso.azurecr.io/UPPER' }, 'image'],
    [{ images: 5 }, 'images'],
    [{ images: {} }, 'images'],
    [{ images: [] }, 'images'],
    [{ release: 5 }, 'release'],
    [{ release: 'Shop' }, 'release'],
    [{ release: 'shop', image: 'contoso.azurecr.io/app' }, 'release'],
    [{ release: 'shop', artifacts: 'signature' }, 'release'],
    [{ release: 'shop', platforms: 'linux/amd64' }, 'release'],
    [{ platforms: 5 }, 'platforms'],
    [{ release: 'shop', regions: 'eastus' }, 'release'],
    [{ release: 'shop', require: 'all' }, 'release'],
    [{ image: 'contoso.azurecr.io/app', images: [] }, 'images'],
    [{ images: ['contoso.azurecr.io/app', 5] }, 'images[1]'],
    [{ images: ['contoso.azurecr.io/app', ''] }, 'images[1]'],
    [{ images: 'contoso.azurecr.io/app,,contoso.azurecr.io/worker' }, 'images[1]'],
    [{ images: ['contoso.azurecr.io/app', 'contoso.azurecr.io/b', 'c', 'contoso.azurecr.io/UPPER'] }, 'images[2]'],
    [{ regions: 5 }, 'regions'],
    [{ regions: ['eastus', 5] }, 'regions[1]'],
    [{ require: true }, 'require'],
    [{ require: ['all'] }, 'require'],
    [{ timeout: -1 }, 'timeout'],
    [{ timeout: 172_801 }, 'timeout'],
    [{ timeout: '30m' }, 'timeout'],
    [{ timeout: true }, 'timeout'],
    [{ timeout: '9999999' }, 'timeout'],
  ])('%j: %s', (value, field) => {
    const read = parseCheckBody(value);
    expect(read.ok ? undefined : read.problems[0]?.field).toBe(field);
  });

  test('with every field that is wrong', () => {
    const read = parseCheckBody({ image: 1, require: false, timeout: 'x' }, 'deployment.payload.');
    const problems = read.ok ? [] : read.problems;
    expect(problems.map(({ field }) => field)).toEqual([
      'deployment.payload.image',
      'deployment.payload.require',
      'deployment.payload.timeout',
    ]);
  });
});
