/**
 * Artifacts attached to an image, and whether a region has those that were asked for: at least one of each kind, and every known
 * one.
 */
import type { Digest } from '../model/digest.ts';
import type { Region } from '../model/region.ts';
import type { Parsed } from '../runtime/parsed.ts';
import { parsed, problem, quote } from '../runtime/parsed.ts';
import { splitList, unreadOf } from '../runtime/text-list.ts';

const artifactKinds = ['signature', 'sbom', 'attestation'] as const;

export type ArtifactKind = (typeof artifactKinds)[number];

/** A manifest that names an image as its subject (an OCI referrer), as the image's record stores it. */
export interface Attachment {
  readonly digest: Digest;
  readonly artifactType: string | null;
  /** Absent for every other type. */
  readonly kind?: ArtifactKind;
}

/** Each image's record keeps the newest ones. */
export const maxAttachments = 50;

/** @returns the same list if all of them are known */
export function withAttachments(
  known: readonly Attachment[] | undefined,
  found: readonly Attachment[],
): readonly Attachment[] | undefined {
  const isNew = ({ digest }: Attachment) => !known?.some((one) => one.digest === digest);
  const unknown = [...new Map(found.filter(isNew).map((one) => [one.digest, one])).values()];
  return unknown.length === 0 ? known : [...(known ?? []), ...unknown].slice(-maxAttachments);
}

export interface AttachedArtifact {
  readonly digest: Digest;
  readonly artifactType: string | null;
  /** Empty for every other type. */
  readonly kinds: readonly string[];
  /** Regions that have it. */
  readonly regions: readonly Region[];
}

export interface Attached {
  /** Whether the registry's referrers could be read. If not, only artifacts under a cosign tag are known. */
  readonly isKnown: boolean;
  readonly artifacts: readonly AttachedArtifact[];
}

function isArtifactKind(text: string): text is ArtifactKind {
  return artifactKinds.some((kind) => kind === text);
}

/** Sorted, so that requests for the same artifacts share one question. */
export function parseArtifacts(text: string | undefined): Parsed<readonly string[]> {
  const asked = [...new Set(splitList(text ?? ''))].sort();
  const unread = unreadOf(text, asked, (one) => isArtifactKind(one) || /^[\w.+-]+\/[\w.+-]+$/.test(one));
  if (unread === undefined) return parsed(asked);
  return problem(
    'artifacts',
    `must be ${artifactKinds.join(', ')} or artifact types such as text/spdx (got ${quote(unread)})`,
  );
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

/** Tags that attach one manifest to another: cosign's tags, and OCI's referrers tag schema. */
const attachingTag = /^sha256-[0-9a-f]{64}(\.(sig|att|sbom))?$/;

export function isAttachingTag(tag: string): boolean {
  return attachingTag.test(tag);
}
