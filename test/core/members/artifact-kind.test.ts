import { expect, test } from 'vitest';
import { artifactKind, cosignTag } from '../../../src/core/members/artifact-kind.ts';
import { digestOf } from '../../support/build.ts';

test.each<[string | null, string | undefined, string | undefined]>([
  ['application/vnd.cncf.notary.signature', undefined, 'signature'],
  ['application/vnd.dev.cosign.artifact.sig.v1+json', undefined, 'signature'],
  ['application/vnd.dev.cosign.simplesigning.v1+json', undefined, 'signature'],
  ['application/vnd.dev.sigstore.bundle.v0.3+json', 'message-signature', 'signature'],
  ['application/vnd.dev.sigstore.bundle.v0.3+json', 'dsse-envelope', 'attestation'],
  ['application/spdx+json', undefined, 'sbom'],
  ['text/spdx', undefined, 'sbom'],
  ['application/vnd.cyclonedx+json', undefined, 'sbom'],
  ['application/vnd.syft+json', undefined, 'sbom'],
  ['application/vnd.in-toto+json', undefined, 'attestation'],
  ['application/vnd.dev.cosign.artifact.att.v1+json', undefined, 'attestation'],
  ['application/vnd.azure.artifact.streaming.v1', undefined, undefined],
  [null, undefined, undefined],
])('%s %s is %s', (artifactType, content, kind) => {
  expect(artifactKind(artifactType, content)).toBe(kind);
});

test('the tags of cosign', () => {
  const hex = digestOf(1).slice('sha256:'.length);
  expect(['signature', 'attestation', 'sbom', 'text/x'].map((asked) => cosignTag(digestOf(1), asked))).toEqual([
    `sha256-${hex}.sig`,
    `sha256-${hex}.att`,
    `sha256-${hex}.sbom`,
    undefined,
  ]);
});
