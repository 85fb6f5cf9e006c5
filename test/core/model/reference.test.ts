/** Expectations follow what `docker pull` does with the same reference (distribution/reference). */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reference } from '../../../src/core/model/reference.ts';
import { formatReference, parseReference, parseRepository, parseTag } from '../../../src/core/model/reference.ts';
import { digestOf } from '../../support/build.ts';

const digest = digestOf(0xabc);
const hex = digest.slice('sha256:'.length);

/** input, registry, repository, tag, whether it has the digest */
const good: [string, string, string, string | undefined, boolean][] = [
  // The forms of the contract.
  [`myregistry.azurecr.io/team/app@${digest}`, 'myregistry.azurecr.io', 'team/app', undefined, true],
  ['myregistry.azurecr.io/team/app:v1', 'myregistry.azurecr.io', 'team/app', 'v1', false],
  [`myregistry.azurecr.io/team/app:v1@${digest}`, 'myregistry.azurecr.io', 'team/app', 'v1', true],
  ['myregistry.azurecr.io/team/app', 'myregistry.azurecr.io', 'team/app', 'latest', false],
  ['myregistry.eastus.geo.azurecr.io/team/app:v1', 'myregistry.eastus.geo.azurecr.io', 'team/app', 'v1', false],
  ['myregistry-d7ez.azurecr.io/app', 'myregistry-d7ez.azurecr.io', 'app', 'latest', false],
  // Docker Hub's are written out, too.
  ['docker.io/library/app', 'docker.io', 'library/app', 'latest', false],
  // The first component is a host only with a dot, a colon, or as localhost.
  ['localhost/app', 'localhost', 'app', 'latest', false],
  ['LOCALHOST/app', 'localhost', 'app', 'latest', false],
  ['localhost:5000/app:v1', 'localhost:5000', 'app', 'v1', false],
  ['registry:5000/app', 'registry:5000', 'app', 'latest', false],
  ['127.0.0.1:5000/app', '127.0.0.1:5000', 'app', 'latest', false],
  ['[::1]:5000/app:v1', '[::1]:5000', 'app', 'v1', false],
  ['MyRegistry.AzureCR.io/team/app', 'myregistry.azurecr.io', 'team/app', 'latest', false],
  // Separators inside a component.
  ['a.io/a.b/c_d/e__f/g---h', 'a.io', 'a.b/c_d/e__f/g---h', 'latest', false],
  ['a.io/0/1/2', 'a.io', '0/1/2', 'latest', false],
  // Tags keep their case.
  ['a.io/app:V1.0_rc-1', 'a.io', 'app', 'V1.0_rc-1', false],
  ['a.io/app:_', 'a.io', 'app', '_', false],
  [`a.io/app:sha256-${hex}`, 'a.io', 'app', `sha256-${hex}`, false],
  [`a.io/app:${'t'.repeat(128)}`, 'a.io', 'app', 't'.repeat(128), false],
  [`a.io/${hex}`, 'a.io', hex, 'latest', false],
  [`a.io/${'r'.repeat(255)}`, 'a.io', 'r'.repeat(255), 'latest', false],
];

const bad: [string, string, RegExp][] = [
  ['nothing', '', /must name an image/],
  ['a space', ' ', /login server/],
  // Docker Hub's by Docker's rules: here the login server was forgotten, or the repository.
  ['a name alone', 'app', /must begin with the registry's login server, such as myregistry\.azurecr\.io\/team\/app:v1/],
  ['a name and a tag', 'team/app:v1', /login server/],
  ['a name and a digest', `team/app@${digest}`, /login server/],
  ['a login server alone', 'myregistry.azurecr.io', /login server/],
  ['a login server and a port alone', 'localhost:5000', /login server/],
  ['an upper-case repository', 'myregistry.azurecr.io/Team/App', /repository.*lower-case/],
  // Docker reads "Team" as a host, which is never meant.
  ['an upper-case first component', 'Team/app', /login server/],
  ['64 hex digits alone: an image id', hex, /login server/],
  ['a trailing colon', 'a.io/app:', /the tag/],
  ['a trailing at sign', 'a.io/app@', /the digest/],
  ['a trailing slash', 'a.io/app/', /repository/],
  ['a leading slash', '/app', /login server/],
  ['two slashes', 'a.io//app', /repository/],
  ['a registry alone', 'a.io/', /repository/],
  ['two tags', 'a.io/app:v1:v2', /the tag/],
  ['the tag after the digest', `a.io/app@${digest}:v1`, /the digest/],
  ['two digests', `a.io/app@${digest}@${digest}`, /the digest/],
  ['63 digits', `a.io/app@${digest.slice(0, -1)}`, /the digest/],
  ['65 digits', `a.io/app@${digest}0`, /the digest/],
  ['upper-case hex', `a.io/app@sha256:${hex.toUpperCase()}`, /the digest/],
  ['a digest without its algorithm', `a.io/app@${hex}`, /the digest/],
  ['a digest as tag', `a.io/app:${digest}`, /the tag/],
  ['a tag of 129 characters', `a.io/app:${'t'.repeat(129)}`, /the tag/],
  ['a tag with a dot first', 'a.io/app:.v1', /the tag/],
  ['a tag with a dash first', 'a.io/app:-v1', /the tag/],
  ['a tag with a slash', 'a.io/app:v1/v2', /the tag/],
  ['a repository of 256 characters', `a.io/${'r'.repeat(256)}`, /repository/],
  ['a separator first', 'a.io/-app', /repository/],
  ['a separator last', 'a.io/app_', /repository/],
  ['three underscores', 'a.io/a___b', /repository/],
  ['two dots', 'a.io/a..b', /repository/],
  ['a parent folder', 'a.io/../app', /repository/],
  ['a host with an underscore', 'my_registry.azurecr.io/app', /registry.*host name/],
  ['a host with a dash first', '-a.io/app', /registry.*host name/],
  ['a host with two dots', 'a..io/app', /registry.*host name/],
  ['an empty port', 'a.io:/app', /registry.*host name/],
  ['a port with letters', 'a.io:http/app', /registry.*host name/],
  ['credentials', 'user:password@a.io/app', /the digest/],
  ['an address', 'https://myregistry.azurecr.io/team/app:v1', /without "https:\/\/"/],
  ['an upper-case address', 'HTTPS://myregistry.azurecr.io/team/app:v1', /without "https:\/\/"/],
  ['an OCI address, as helm writes it', 'oci://myregistry.azurecr.io/team/app:v1', /without "oci:\/\/"/],
  ['double quotes', '"a.io/app:v1"', /must/],
  ['a single quote', "a.io/app:v1'", /the tag/],
  ['a line feed', 'a.io/app:v1\n', /the tag/],
  ['a zero byte', 'a.io/app\0:v1', /repository/],
  ['other letters', 'a.io/приложение:v1', /repository/],
  // U+212A lower-cases to a plain k.
  ['the Kelvin sign in the host', '\u212a.azurecr.io/app', /registry.*host name/],
  ['half a surrogate pair', 'a.io/app:\ud83d', /the tag/],
  ['a percent escape', 'a.io/team%2Fapp', /repository/],
  ['2,000 characters', `a.io/${'r'.repeat(1_995)}`, /at most 1024/],
];

function read(text: string): Reference {
  const reference = parseReference(text);
  if (!reference.ok) throw new Error(reference.problems.map(({ reason }) => reason).join());
  return reference.value;
}

describe('a reference', () => {
  test.each(good)('%s', (text, registry, repository, tag, hasDigest) => {
    expect(parseReference(text)).toEqual({
      ok: true,
      value: { registry, repository, tag, digest: hasDigest ? digest : undefined },
    });
  });

  test.each(bad)('is not %s', (_what, text, reason) => {
    const reference = parseReference(text);
    if (reference.ok) throw new Error(`read as ${formatReference(reference.value)}`);
    expect(reference.problems).toHaveLength(1);
    expect(reference.problems[0]).toMatchObject({ field: 'image', reason: expect.stringMatching(reason) });
  });

  test.each(bad)('refused for %s names what it got, cut short', (_what, text) => {
    const reference = parseReference(text);
    const reason = reference.ok ? '' : (reference.problems[0]?.reason ?? '');
    expect(reason.length).toBeLessThan(300);
    expect(text === '' || reason.includes(JSON.stringify(text.slice(0, 80)).slice(0, -1))).toBe(true);
  });

  test('names the input it was read from', () => {
    expect(parseReference('', 'body.image')).toMatchObject({ ok: false, problems: [{ field: 'body.image' }] });
  });

  test.each([
    [`a.io/app:v1@${digest}`, `a.io/app:v1@${digest}`],
    [`a.io/app@${digest}`, `a.io/app@${digest}`],
    ['a.io/app', 'a.io/app:latest'],
    ['A.IO/app', 'a.io/app:latest'],
  ])('%s is written out as %s', (text, whole) => {
    expect(formatReference(read(text))).toBe(whole);
  });
});

describe('for every reference', () => {
  const component = fc.stringMatching(/^[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}$/);
  const host = fc.oneof(
    fc.stringMatching(/^[a-zA-Z0-9]{1,10}(-[a-zA-Z0-9]{1,5})?(\.[a-zA-Z0-9]{1,8}){1,3}(:\d{1,5})?$/),
    fc.constantFrom('localhost', 'LocalHost', 'localhost:5000', 'Index.docker.io', 'docker.io', '[::1]:5000'),
  );
  const written = fc
    .record({
      host: fc.option(host),
      repository: fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
      tag: fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/)),
      digest: fc.option(fc.nat().map(digestOf)),
    })
    .map(({ host, repository, tag, digest }) => {
      const prefix = host === null ? '' : `${host}/`;
      return `${prefix}${repository}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`;
    });

  test('writing it out and reading it again gives the same reference', () => {
    fc.assert(
      fc.property(written, (text) => {
        const reference = parseReference(text);
        fc.pre(reference.ok);
        expect(parseReference(formatReference(reference.value))).toEqual(reference);
      }),
    );
  });

  test('whatever is read from any text at all survives being written out', () => {
    const nearly = fc.string({ unit: fc.constantFrom(...'aA0.-_/:@[]sha256 é'), maxLength: 24 });
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string(), fc.string({ unit: 'binary' })), (text) => {
        const reference = parseReference(text);
        if (!reference.ok) return;
        expect(parseReference(formatReference(reference.value))).toEqual(reference);
      }),
      { numRuns: 5_000 },
    );
  });

  test('long hostile input is answered at once', () => {
    const inputs = ['a', 'a-', 'a.', 'a_', '/', ':', '@', 'a/', '__'].map((part) => part.repeat(1_024).slice(0, 1_024));
    const startedAt = performance.now();
    for (const text of inputs) parseReference(`${text}!`.slice(-1_024));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('a repository or tag in itself', () => {
  test.each([undefined, null, 5, ['app'], {}])('is not %j', (value) => {
    expect(parseRepository(value)).toBeUndefined();
    expect(parseTag(value)).toBeUndefined();
  });
});
