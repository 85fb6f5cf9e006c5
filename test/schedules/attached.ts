/** What may be attached to an image of a schedule, and what a client may request besides the image. */
import { hash } from 'node:crypto';
import type { Digest } from '../../src/core/model/digest.ts';
import type { Tag } from '../../src/core/model/reference.ts';
import { tagOf } from '../support/build.ts';
import { attachmentOf, manifestType } from '../support/index-of.ts';

export interface AskedFor {
  readonly artifacts?: readonly string[] | undefined;
  readonly platforms?: readonly string[] | undefined;
}

export interface Attachment {
  readonly subject: number;
  readonly kind: 'signature' | 'sbom' | 'report';
  /** The one under which cosign attaches it; the others name their subject. */
  readonly tag: Tag | undefined;
  readonly artifactType: string | null;
  readonly digest: Digest;
  /** As a registry serves it. */
  readonly body: string;
}

/** Of each subject, by their place among its artifacts. */
export const places = { signature: 0, sbom: 1, cosign: 2, report: 3, cosignAgain: 4, secondSignature: 5 } as const;
export const artifactCount = Object.keys(places).length;

export function attachmentsTo(subject: number, digest: Digest): readonly Attachment[] {
  const bySubject = (kind: Attachment['kind'], artifactType: string): Attachment => ({
    ...{ subject, kind, artifactType, tag: undefined },
    ...attachmentOf(digest, artifactType),
  });
  const byTag = (version: number): Attachment => {
    const layers = [{ mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json', size: version }];
    const body = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, layers });
    return {
      ...{ subject, kind: 'signature', artifactType: null, body },
      tag: tagOf(`${digest.replace(':', '-')}.sig`),
      digest: `sha256:${hash('sha256', body + digest)}` as Digest,
    };
  };
  return [
    bySubject('signature', 'application/vnd.cncf.notary.signature'),
    bySubject('sbom', 'application/spdx+json'),
    byTag(1),
    bySubject('report', 'application/vnd.example.report'),
    byTag(2),
    // Of another type, so that it has a digest of its own.
    bySubject('signature', 'application/vnd.dev.cosign.artifact.sig.v1+json'),
  ];
}
