import { describe, expect, test } from 'vitest';
import { bytesOf, listManifests, subjectOf } from '../../../src/core/members/manifest-document.ts';
import { digestOf } from '../../support/build.ts';
import { indexType, manifestType } from '../../support/index-of.ts';

const digest = digestOf(1);
const linux = { os: 'linux', architecture: 'arm64' };
const plain = { digest, mediaType: manifestType, kind: 'platform', platform: 'linux/arm64', artifactType: null };

function read(...manifests: readonly unknown[]) {
  return listManifests(JSON.stringify({ manifests }));
}

describe('what an entry is', () => {
  test.each<[string, object, object]>([
    ['a platform', { platform: linux }, plain],
    [
      'a media type with parameters, in capitals',
      { platform: linux, mediaType: `${manifestType.toUpperCase()}; charset=utf-8` },
      plain,
    ],
    ['a variant', { platform: { ...linux, variant: 'v8' } }, { ...plain, platform: 'linux/arm64/v8' }],
    ['the version of an operating system', { platform: { ...linux, 'os.version': '10' } }, plain],
    [
      'an attestation of BuildKit',
      {
        platform: { os: 'unknown', architecture: 'unknown' },
        annotations: {
          'vnd.docker.reference.type': 'attestation-manifest',
          'vnd.docker.reference.digest': digestOf(2),
        },
      },
      { ...plain, kind: 'attestation', platform: null },
    ],
    [
      'one without its annotation',
      { platform: { os: 'unknown', architecture: 'unknown' } },
      { ...plain, kind: 'attestation', platform: null },
    ],
    [
      'an artifact',
      { artifactType: 'application/spdx+json' },
      { ...plain, kind: 'artifact', platform: null, artifactType: 'application/spdx+json' },
    ],
    ['a manifest without a platform', {}, { ...plain, kind: 'artifact', platform: null }],
    ['an index in it', { mediaType: indexType }, { ...plain, mediaType: indexType, platform: null }],
    ['no media type', { mediaType: undefined, platform: linux }, plain],
  ])('%s', (_what, entry, expected) => {
    expect(read({ digest, mediaType: manifestType, size: 1, ...entry })).toEqual([expected]);
  });

  test('of a build cache, whose index lists layers, no webhook is ever sent', () => {
    expect(read({ digest, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' })).toEqual([]);
  });

  test('what is listed twice is one', () => {
    expect(read({ digest, mediaType: manifestType, platform: linux }, { digest, platform: linux })).toEqual([plain]);
  });
});

describe('a document that is not understood lists nothing to count on', () => {
  test.each<[string, string]>([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['no manifests', '{}'],
    ['manifests of another shape', '{"manifests":{}}'],
    ['an entry without a digest', JSON.stringify({ manifests: [{ mediaType: manifestType }] })],
    ['a digest of another kind', JSON.stringify({ manifests: [{ digest: 'sha512:00' }] })],
    ['an entry that is no object', '{"manifests":[1]}'],
  ])('%s', (_what, body) => {
    expect(listManifests(body)).toEqual({ reason: expect.any(String) });
  });
});

describe('the bytes of a manifest', () => {
  const of = (document: unknown) => bytesOf(JSON.stringify(document));

  test.each<[string, unknown, number]>([
    ['config and layers', { config: { size: 7 }, layers: [{ size: 100 }, { size: 20 }] }, 127],
    ['an artifact without layers', { config: { size: 2 }, layers: [] }, 2],
    ['a layer that is listed twice', { config: { size: 0 }, layers: [{ size: 5 }, { size: 5 }] }, 10],
    ['more than 4 GiB', { config: { size: 1 }, layers: [{ size: 2 ** 40 }] }, 2 ** 40 + 1],
  ])('%s', (_what, document, bytes) => {
    expect(of(document)).toBe(bytes);
  });

  test.each<[string, unknown]>([
    ['an index', { manifests: [{ size: 5 }] }],
    ['no layers', { config: { size: 7 } }],
    ['no config', { layers: [{ size: 7 }] }],
    ['a layer without a size', { config: { size: 7 }, layers: [{ size: 1 }, {}] }],
    ['a layer that is none', { config: { size: 7 }, layers: [null] }],
    ['a size below zero', { config: { size: 7 }, layers: [{ size: -1 }] }],
    ['a size that is no number', { config: { size: '7' }, layers: [] }],
    ['half a byte', { config: { size: 0.5 }, layers: [] }],
    ['more than can be counted', { config: { size: 1 }, layers: [{ size: Number.MAX_SAFE_INTEGER }] }],
    ['a list', []],
  ])('are not known of %s', (_what, document) => {
    expect(of(document)).toBeUndefined();
  });

  test('are not known of what is not JSON', () => {
    expect(bytesOf('{')).toBeUndefined();
  });
});

describe('a subject', () => {
  const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digestOf(1), size: 1 };
  const bundle = { 'dev.sigstore.bundle.content': 'dsse-envelope' };

  test.each<[string, object, unknown]>([
    ['none', {}, undefined],
    ['one that is no digest', { subject: { digest: 'sha256:abc' } }, undefined],
    [
      'with a type of its own',
      { subject, artifactType: 'text/x', config: { mediaType: 'text/y' } },
      { subject: digestOf(1), artifactType: 'text/x', content: null },
    ],
    [
      'with the type of its config',
      { subject, config: { mediaType: 'text/y' } },
      { subject: digestOf(1), artifactType: 'text/y', content: null },
    ],
    [
      'of an index, which has no config',
      { subject, annotations: bundle },
      { subject: digestOf(1), artifactType: null, content: 'dsse-envelope' },
    ],
  ])('%s', (_what, document, expected) => {
    expect(subjectOf(JSON.stringify(document))).toEqual(expected);
  });
});
