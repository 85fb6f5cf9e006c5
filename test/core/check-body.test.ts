import { describe, expect, test } from 'vitest';
import { parseCheckBody } from '../../src/core/checks/check-body.ts';

const whole = { image: 'contoso.azurecr.io/app:v1', regions: undefined, require: undefined, timeoutMs: 3_600_000 };

describe('is read', () => {
  test.each<[object, object]>([
    [{}, {}],
    [{ regions: 'eastus, westeurope' }, { regions: 'eastus, westeurope' }],
    [{ regions: ['eastus', 'westeurope'] }, { regions: 'eastus,westeurope' }],
    [{ regions: null, require: null, timeout: null }, {}],
    [{ regions: '', require: '', timeout: '' }, {}],
    [{ regions: [] }, {}],
    [{ require: 'any' }, { require: 'any' }],
    [{ require: 2 }, { require: '2' }],
    [{ require: '2' }, { require: '2' }],
    [{ timeout: 0 }, { timeoutMs: 0 }],
    [{ timeout: 90 }, { timeoutMs: 90_000 }],
    [{ timeout: '90' }, { timeoutMs: 90_000 }],
    [{ timeout: 172_800 }, { timeoutMs: 172_800_000 }],
    [{ policy: 'something else', nested: { image: 1 } }, {}],
  ])('%j', (more, expected) => {
    expect(parseCheckBody({ image: whole.image, ...more })).toEqual({ ok: true, value: { ...whole, ...expected } });
  });

  test.each([null, ''])('without an image: %j', (image) => {
    expect(parseCheckBody({ image })).toMatchObject({ ok: true, value: { image: undefined } });
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
    [{ regions: 5 }, 'regions'],
    [{ regions: ['eastus', 5] }, 'regions'],
    [{ require: true }, 'require'],
    [{ require: ['all'] }, 'require'],
    [{ timeout: -1 }, 'timeout'],
    [{ timeout: 172_801 }, 'timeout'],
    [{ timeout: '30m' }, 'timeout'],
    [{ timeout: true }, 'timeout'],
    [{ timeout: '9999999' }, 'timeout'],
  ])('%j: %s', (value, field) => {
    expect(parseCheckBody(value)).toMatchObject({ ok: false, problems: [{ field }] });
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
