/** What is given to a command or to the action, and what is said about what cannot be meant. */
import { describe, expect, test } from 'vitest';
import { readInput } from '../../src/cli/run-action.ts';
import { parseConnection } from '../../src/cli/tracker-client.ts';
import type { WaitTexts } from '../../src/cli/wait-request.ts';
import { parseWaitRequest } from '../../src/cli/wait-request.ts';

const image = 'contoso.azurecr.io/team/app:v1';

describe('what is waited for', () => {
  test.each<[WaitTexts, object]>([
    [{ image }, { image, regions: undefined, require: undefined, timeoutMs: 1_800_000 }],
    [{ image: 'contoso.azurecr.io/team/app' }, { image: 'contoso.azurecr.io/team/app:latest' }],
    [{ image: ` ${image}\n` }, { image }],
    [{ image, regions: 'West Europe, eastus,' }, { regions: 'westeurope,eastus' }],
    [{ image, regions: 'West Europe\neastus\n' }, { regions: 'westeurope,eastus' }],
    [{ image, regions: 'westeurope\r\neastus\r\n' }, { regions: 'westeurope,eastus' }],
    [
      { image, regions: '', require: '', timeout: '' },
      { regions: undefined, timeoutMs: 1_800_000 },
    ],
    [{ image, regions: ',eastus\n\n,westeurope,' }, { regions: 'eastus,westeurope' }],
    [{ image, artifacts: 'signature,\n,sbom' }, { artifacts: 'signature,sbom' }],
    // The tracker says what is wrong with it.
    [{ image, artifacts: ' , ' }, { artifacts: ',' }],
    [{ image, platforms: ' linux/amd64,\nlinux/arm64 ' }, { platforms: 'linux/amd64,linux/arm64' }],
    [{ image, require: 'any' }, { require: 'any' }],
    [
      { image, require: '2', timeout: '90s' },
      { require: '2', timeoutMs: 90_000 },
    ],
  ])('%j', (texts, expected) => {
    expect(parseWaitRequest(texts)).toMatchObject({ ok: true, value: expected });
  });

  test.each<[WaitTexts, string]>([
    [{ image: '' }, 'image'],
    [{ image: 'https://contoso.azurecr.io/team/app' }, 'image'],
    [{ image: 'contoso.azurecr.io/team/app@sha256:abc' }, 'image'],
    [{ image, regions: 'mars!' }, 'regions'],
    [{ image, regions: ',' }, 'regions'],
    [{ image, require: '0' }, 'require'],
    [{ image, require: 'most' }, 'require'],
    [{ image, timeout: 'soon' }, 'timeout'],
  ])('not %j', (texts, field) => {
    expect(parseWaitRequest(texts)).toMatchObject({ ok: false, problems: [{ field }] });
  });

  test('every fault is reported at once', () => {
    const read = parseWaitRequest({ image: '', regions: '!', require: '0', timeout: '?' });
    expect(read.ok ? [] : read.problems.map(({ field }) => field)).toEqual(['image', 'regions', 'require', 'timeout']);
  });
});

describe('where the tracker is', () => {
  test.each([
    ['https://tracker.example', 'https://tracker.example/'],
    ['https://tracker.example/', 'https://tracker.example/'],
    ['https://tracker.example/api/', 'https://tracker.example/'],
    ['https://proxy.example/tracker', 'https://proxy.example/tracker/'],
    [' http://127.0.0.1:7071\n', 'http://127.0.0.1:7071/'],
    ['https://a.example, https://b.example/api', 'https://a.example/,https://b.example/'],
    ['https://a.example\r\nhttps://b.example\r\n', 'https://a.example/,https://b.example/'],
  ])('%s', (text, url) => {
    const read = parseConnection(text, ' key\n', {});
    expect(read.ok && [read.value.urls.join(), read.value.key]).toEqual([url, 'key']);
  });

  test.each([
    [undefined, undefined],
    ['', undefined],
    ['tracker.example', undefined],
    ['ftp://tracker.example', undefined],
    [',', undefined],
    ['https://tracker.example, nowhere', undefined],
    ['https://tracker.example/api/wait?code=hidden-key', undefined],
    ['tracker.example?code=hidden-key', undefined],
    ['https://me:hidden-key@tracker.example', undefined],
    ['https://tracker.example', 'hidden-key\nof two lines'],
  ])('not %s with the key %s, and no key is repeated', (url, key) => {
    const read = parseConnection(url, key, {});
    expect(read.ok).toBe(false);
    expect(JSON.stringify(read)).not.toContain('hidden-key');
  });
});

describe('the action’s inputs', () => {
  test.each<[string, Record<string, string>, string | undefined]>([
    ['image', { INPUT_IMAGE: ` ${image} ` }, image],
    ['two words', { INPUT_TWO_WORDS: 'x' }, 'x'],
    ['with-dash', { 'INPUT_WITH-DASH': 'x' }, 'x'],
    ['regions', { INPUT_REGIONS: '' }, undefined],
    ['regions', {}, undefined],
  ])('%s of %j', (name, environment, value) => {
    expect(readInput(environment, name)).toBe(value);
  });
});
