/** What is attached to an image, and whether a region has what was asked for of it: at least one of each kind, and every known one. */
import type { Digest } from '../model/digest.ts';
import type { Region } from '../model/region.ts';
import type { Parsed } from '../runtime/parsed.ts';
import { parsed, problem, quote } from '../runtime/parsed.ts';
import { splitList, unreadOf } from '../runtime/text-list.ts';

/** What names an image as its subject, as the image's record keeps it. */
export interface Attachment {
  readonly digest: Digest;
  readonly artifactType: string | null;
  /** `signature`, `sbom`, `attestation`; not there for a type of another kind. */
  readonly kind?: string;
}

/** Each image keeps the newest of them. */
export const maxAttachments = 50;

/** @returns the same list when all of them are known */
export function withAttachments(
  known: readonly Attachment[] | undefined,
  news: readonly Attachment[],
): readonly Attachment[] | undefined {
  const isNew = ({ digest }: Attachment) => !known?.some((one) => one.digest === digest);
  const unknown = [...new Map(news.filter(isNew).map((one) => [one.digest, one])).values()];
  return unknown.length === 0 ? known : [...(known ?? []), ...unknown].slice(-maxAttachments);
}

export interface AttachedArtifact {
  readonly digest: Digest;
  readonly artifactType: string | null;
  /** `signature`, `sbom`, `attestation`; none for a type of another kind. */
  readonly kinds: readonly string[];
  /** Where it is. */
  readonly regions: readonly Region[];
}

export interface Attached {
  /** Whether a registry could be asked. Otherwise only what has a tag of its own is known. */
  readonly isKnown: boolean;
  readonly artifacts: readonly AttachedArtifact[];
}

const kinds = ['signature', 'sbom', 'attestation'];

/** In an order of their own, so that whoever asks for the same asks one question. */
export function parseArtifacts(text: string | undefined): Parsed<readonly string[]> {
  const asked = [...new Set(splitList(text ?? ''))].sort();
  const unread = unreadOf(text, asked, (one) => kinds.includes(one) || /^[\w.+-]+\/[\w.+-]+$/.test(one));
  if (unread === undefined) return parsed(asked);
  return problem('artifacts', `must be ${kinds.join(', ')} or artifact types such as text/spdx (got ${quote(unread)})`);
}

export function artifactsOf(attached: Attached | undefined, asked: string): readonly AttachedArtifact[] {
  const isMeant = (one: AttachedArtifact) => one.kinds.includes(asked) || one.artifactType === asked;
  return (attached?.artifacts ?? []).filter(isMeant);
}

export function hasArtifactsIn(attached: Attached | undefined, asked: readonly string[], region: Region): boolean {
  return asked.every((kind) => {
    const artifacts = artifactsOf(attached, kind);
    return artifacts.length > 0 && artifacts.every(({ regions }) => regions.includes(region));
  });
}

/** Tags that attach one manifest to another: cosign's, and the referrers tag schema of OCI. */
const attachingTag = /^sha256-[0-9a-f]{64}(\.(sig|att|sbom))?$/;

export function isAttachingTag(tag: string): boolean {
  return attachingTag.test(tag);
}
