import { describe, expect, test } from 'vitest';
import type { CallbackOrigins } from '../../../src/core/checks/callback-origins.ts';
import {
  defaultCallbackOrigins,
  parseCallbackOrigins,
  parseCallbackUrl,
} from '../../../src/core/checks/callback-origins.ts';

function originsOf(text: string): CallbackOrigins {
  const origins = parseCallbackOrigins(text);
  if (!origins.ok) throw new Error(JSON.stringify(origins.problems));
  return origins.value;
}

describe('settings that are none', () => {
  test.each([
    '',
    ',',
    'https://dev.azure.com,',
    'dev.azure.com',
    'http://dev.azure.com',
    'ftp://dev.azure.com',
    'https://dev.azure.com/org',
    'https://dev.azure.com?x',
    'https://dev.azure.com#x',
    'https://user@dev.azure.com',
    'https://user:secret@dev.azure.com',
    'https://dev.azure.com\\x',
    'https://*',
    'https://*.com',
    'https://dev.*.com',
    'https://dev.azure.*',
    'https://dev*.azure.com',
    'https://*dev.azure.com',
    'https://**.azure.com',
    'https://dev..azure.com',
    'https://dev.azure.com.',
    'https://dev.azure.com:99999',
    'https://dev%2eazure.com',
    'https://',
    '*',
  ])('%s', (text) => {
    const read = parseCallbackOrigins(text);
    expect([read.ok, read.ok ? undefined : read.problems[0]?.field]).toEqual([false, 'CALLBACK_ORIGINS']);
  });

  test('are all reported', () => {
    const read = parseCallbackOrigins('https://a.example,b,https://*');
    const problems = read.ok ? [] : read.problems;
    expect(problems.map(({ reason }) => /got "([^"]*)"/.exec(reason)?.[1])).toEqual(['b', 'https://*']);
  });
});

describe('addresses that are allowed', () => {
  test.each<[string, string]>([
    [defaultCallbackOrigins, 'https://dev.azure.com/contoso/'],
    [defaultCallbackOrigins, 'https://dev.azure.com'],
    [defaultCallbackOrigins, 'HTTPS://DEV.Azure.COM/contoso/'],
    [defaultCallbackOrigins, 'https://dev.azure.com:443/contoso/'],
    [defaultCallbackOrigins, 'https://contoso.visualstudio.com/'],
    [defaultCallbackOrigins, 'https://api.github.com/repos/o/r/actions/runs/1/deployment_protection_rule'],
    ['https://devops.contoso.example:8443/', 'https://devops.contoso.example:8443/tfs/Default/'],
    ['HTTPS://DevOps.Contoso.Example', 'https://devops.contoso.example/'],
    ['https://*.ghe.contoso.example', 'https://api.ghe.contoso.example/x'],
    ['https://api.*.ghe.com', 'https://api.contoso.ghe.com/x'],
    ['http://127.0.0.1:4711', 'http://127.0.0.1:4711/x'],
    ['http://localhost:4711', 'http://localhost:4711/x'],
    ['http://[::1]:4711', 'http://[::1]:4711/x'],
    ['https://bücher.example', 'https://xn--bcher-kva.example/'],
    ['https://devops', 'https://devops/tfs/'],
  ])('%s: %s', (origins, url) => {
    expect(parseCallbackUrl(url, originsOf(origins))?.href).toBe(new URL(url).href);
  });
});

describe('addresses that are not', () => {
  test.each([
    '',
    'dev.azure.com/contoso/',
    '//dev.azure.com/contoso/',
    'http://dev.azure.com/contoso/',
    'https://dev.azure.com.evil.example/',
    'https://evil.example/dev.azure.com/',
    'https://evil.example/https://dev.azure.com/',
    'https://evildev.azure.com/',
    'https://dev.azure.com./contoso/',
    'https://dev.azure.com:444/contoso/',
    'https://dev.azure.com:80/contoso/',
    'https://user@dev.azure.com/',
    'https://dev.azure.com@evil.example/',
    'https://dev.azure.com:x@evil.example/',
    'https://evil.example\\@dev.azure.com/',
    'https://dev.azure.com\\@evil.example/',
    'https://evil.example#@dev.azure.com/',
    'https://evil.example?@dev.azure.com/',
    'https://dev.azure.com/contoso/?next=x',
    'https://dev.azure.com/contoso/#x',
    'https://visualstudio.com/',
    'https://.visualstudio.com/',
    'https://a.b.visualstudio.com/',
    'https://a.visualstudio.com.evil.example/',
    'https://avisualstudio.com/',
    'https://dev.azure.com /contoso/',
    'https://dev.azure.com/con toso/',
    ' https://dev.azure.com/',
    'https://dev.azure.com/\n',
    'ht\ntps://dev.azure.com/',
    'https://dеv.azure.com/', // The second letter is Cyrillic.
    'https://dev。azure。com/',
    'https://ⓓev.azure.com/',
    'https:dev.azure.com/',
    'https:///dev.azure.com/',
    'http://127.0.0.1/',
    'https://127.0.0.1/',
    'https://169.254.169.254/metadata',
    'javascript:alert(1)',
    'file:///etc/passwd',
  ])('%s', (url) => {
    expect(parseCallbackUrl(url, originsOf(defaultCallbackOrigins))).toBeUndefined();
  });

  test('nothing is allowed where nothing is set', () => {
    expect(parseCallbackUrl('https://dev.azure.com/', [])).toBeUndefined();
  });
});
