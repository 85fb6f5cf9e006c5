/**
 * The kind of an attached artifact: signature, bill of materials or attestation. Types: notation's specification, cosign's
 * "Signature specification" and its tags, the Sigstore bundle, SPDX, CycloneDX, in-toto.
 */

import type { ArtifactKind, Attachment } from '../image/attached.ts';
import type { Digest } from '../model/digest.ts';
import type { Tag } from '../model/reference.ts';
import type { Referrer } from './ports.ts';

const patterns: readonly (readonly [ArtifactKind, RegExp])[] = [
  ['signature', /notary\.signature|cosign\.(artifact\.sig|simplesigning)/],
  ['sbom', /spdx|cyclonedx|syft|sbom/],
  ['attestation', /in-toto|cosign\.artifact\.att|dsse\.envelope|attestation|slsa/],
];

const bundle = /dev\.sigstore\.bundle/;

/** @param content for a Sigstore bundle, its annotation `dev.sigstore.bundle.content` */
export function artifactKind(artifactType: string | null, content?: string | null): ArtifactKind | undefined {
  const type = artifactType?.toLowerCase() ?? '';
  if (bundle.test(type)) return content === 'dsse-envelope' ? 'attestation' : 'signature';
  return patterns.find(([, pattern]) => pattern.test(type))?.[0];
}

/** A referrer in the form that the record of its subject stores. */
export function toAttachment({ digest, artifactType, content }: Referrer): Attachment {
  const kind = artifactKind(artifactType, content);
  return { digest, artifactType, ...(kind === undefined ? {} : { kind }) };
}

/** Whether an artifact has the requested kind or artifact type. */
export function isAskedFor(asked: string, artifact: Pick<Attachment, 'kind' | 'artifactType'>) {
  return asked === artifact.kind || asked === artifact.artifactType;
}

const suffixes: Readonly<Record<ArtifactKind, string>> = { signature: 'sig', sbom: 'sbom', attestation: 'att' };

/** The tag under which cosign attaches that kind; `undefined` if `asked` is an artifact type. */
export function cosignTag(digest: Digest, asked: string): Tag | undefined {
  const suffix = Object.hasOwn(suffixes, asked) ? suffixes[asked as ArtifactKind] : undefined;
  return suffix === undefined ? undefined : (`${digest.replace(':', '-')}.${suffix}` as Tag);
}
