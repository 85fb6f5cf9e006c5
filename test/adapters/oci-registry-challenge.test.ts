/** Which challenges are accepted. With a forged one, the app would send its identity token to the attacker. */
import { describe, expect, test } from 'vitest';
import { readChallenge } from '../../src/adapters/oci-registry/challenge.ts';
import type { Repository } from '../../src/core/model/reference.ts';

const app = 'team/app' as Repository;
const origin = 'https://contoso.eastus.geo.azurecr.io';
const realm = `realm="${origin}/oauth2/token"`;
const service = 'service="contoso.eastus.geo.azurecr.io"';
const scope = 'scope="repository:team/app:pull"';

const good = [
  `Bearer ${realm},${service},${scope}`,
  `bearer ${scope} , ${service} ,${realm}`,
  `Bearer Realm="${origin}/oauth2/token", SERVICE="contoso.eastus.geo.azurecr.io", Scope="repository:team/app:pull"`,
  `Bearer ${realm},service=contoso.eastus.geo.azurecr.io,${scope},error="invalid_token"`,
  `Basic realm="contoso", Bearer ${realm},${service},${scope}`,
  `Negotiate, Bearer ${realm},${service},${scope}`,
  String.raw`Bearer ${realm},service="contoso.eastus\.geo.azurecr.io",${scope}`,
  `Bearer realm="${origin}:443/oauth2/token",${service},${scope}`,
];
test.each(good)('believes %s', (header) => {
  const challenge = readChallenge(header, origin, app);
  if ('refused' in challenge) throw new Error(challenge.refused);
  expect(challenge.realm.href).toBe(`${origin}/oauth2/token`);
  expect(challenge.service).toBe('contoso.eastus.geo.azurecr.io');
  expect(challenge.scope).toBe('repository:team/app:pull');
});

test('takes the scope as it was announced', () => {
  const header = `Bearer ${realm},${service},scope="repository:team/app:metadata_read,pull"`;
  expect(readChallenge(header, origin, app)).toMatchObject({ scope: 'repository:team/app:metadata_read,pull' });
});

test.each(['http://127.0.0.1:5000', 'http://localhost:5000', 'http://[::1]:5000'])('believes %s', (loopback) => {
  const header = `Bearer realm="${loopback}/token",${service},${scope}`;
  expect(readChallenge(header, loopback, app)).toMatchObject({ service: 'contoso.eastus.geo.azurecr.io' });
});

describe('refuses a realm', () => {
  const foreign = [
    'https://evil.example/oauth2/token',
    'https://contoso.westeurope.geo.azurecr.io/oauth2/token',
    'https://contoso.azurecr.io/oauth2/token',
    `${origin}.evil.example/oauth2/token`,
    `${origin}:8443/oauth2/token`,
    'http://contoso.eastus.geo.azurecr.io/oauth2/token',
    'https://contoso.eastus.geo.azurecr.io@evil.example/oauth2/token',
    'https://user:password@contoso.eastus.geo.azurecr.io/oauth2/token',
    String.raw`https:\\evil.example\oauth2/token`,
    'javascript:alert(1)',
    'data:text/plain,token',
  ];
  test.each(foreign)('%s', (url) => {
    const header = `Bearer realm="${url.replaceAll('\\', '\\\\')}",${service},${scope}`;
    expect(readChallenge(header, origin, app)).toEqual({ refused: 'realm on another origin' });
  });
  test('without https, even at the same origin', () => {
    const plain = 'http://contoso.eastus.geo.azurecr.io';
    const header = `Bearer realm="${plain}/oauth2/token",${service},${scope}`;
    expect(readChallenge(header, plain, app)).toEqual({ refused: 'realm without https' });
  });
  test('that is no address', () => {
    const header = `Bearer realm="/oauth2/token",${service},${scope}`;
    expect(readChallenge(header, origin, app)).toEqual({ refused: 'malformed realm' });
  });
});

const foreignScopes = [
  'repository:team/other:pull',
  'repository:team/app:pull repository:team/other:pull',
  'repository:team/app:pull,push',
  'repository:team/app:*',
  'repository:team/app:delete,pull',
  'repository:team/app:metadata_read',
  'repository:team/app:',
  'repository:team/app',
  'repository:team/app/more:pull',
  'repository(plugin):team/app:pull',
  'registry:catalog:*',
];
test.each(foreignScopes)('refuses the scope %s', (other) => {
  const header = `Bearer ${realm},${service},scope="${other}"`;
  expect(readChallenge(header, origin, app)).toEqual({ refused: 'scope for something else' });
});

const bad: [string, string | null, string][] = [
  ['no header', null, '401 without a challenge'],
  ['an empty header', '', 'the replica does not offer bearer tokens'],
  ['another scheme', 'Basic realm="contoso"', 'the replica does not offer bearer tokens'],
  ['no realm', `Bearer ${service},${scope}`, 'challenge without realm, service or scope'],
  ['no service', `Bearer ${realm},${scope}`, 'challenge without realm, service or scope'],
  ['no scope', `Bearer ${realm},${service}`, 'challenge without realm, service or scope'],
  ['an empty service', `Bearer ${realm},service="",${scope}`, 'challenge without realm, service or scope'],
  [
    'two headers',
    `Bearer ${realm},${service},${scope}, Bearer ${realm},${service},${scope}`,
    'more than one bearer challenge',
  ],
  ['two realms', `Bearer ${realm},${realm},${service},${scope}`, 'malformed challenge'],
  ['two realms, differently spelt', `Bearer ${realm},REALM="x",${service},${scope}`, 'malformed challenge'],
  ['parameters without a scheme', `${realm},${service},${scope}`, 'malformed challenge'],
  ['an open quote', `Bearer ${realm},${service},scope="repository:team/app:pull`, 'malformed challenge'],
  ['a missing comma', `Bearer ${realm} ${service},${scope}`, 'malformed challenge'],
  ['too much of it', `Bearer ${realm},${service},${scope},x="${'x'.repeat(5_000)}"`, 'oversized challenge'],
];
test.each(bad)('refuses %s', (_name, header, refused) => {
  expect(readChallenge(header, origin, app)).toEqual({ refused });
});

test.each(['"\\'.repeat(2_000), ' ,'.repeat(2_000), 'a='.repeat(2_000), `Bearer ${'a=b, '.repeat(800)}`])(
  'is not kept busy by a hostile header',
  (header) => {
    const started = performance.now();
    expect(readChallenge(header, origin, app)).toHaveProperty('refused');
    expect(performance.now() - started).toBeLessThan(200);
  },
);
