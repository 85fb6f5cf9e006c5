/** What an image belongs to: the indexes that list it, and the image that it is attached to. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import { visible } from './format.ts';
import { orNone } from './registry-counts.ts';
import type { Ask } from './screen.ts';
import { kindWord, shownState } from './words.ts';

export interface Parent {
  readonly digest: string;
  /** It lists the image; otherwise the image is attached to it. */
  readonly isIndex: boolean;
  /** `undefined` where it could not be read. */
  readonly state: string | undefined;
  /** What it lists the image as. */
  readonly listed: string | undefined;
}

/** Each costs a request. */
const maxAsked = 3;

export async function readParents(ask: Ask, document: AvailabilityDocument): Promise<readonly Parent[]> {
  const { registry, repository, digest: own, memberOf = [], subject } = document;
  const digests = [...memberOf.slice(0, maxAsked), ...(subject === undefined ? [] : [subject])];
  return Promise.all(
    digests.map(async (digest): Promise<Parent> => {
      const image = `${registry}/${repository}@${digest}`;
      const parent = await orNone(ask<AvailabilityDocument>('availability', { image }));
      const member = parent?.members?.find((one) => one.digest === own);
      return {
        digest,
        isIndex: digest !== subject,
        state: parent && shownState(parent),
        listed:
          member === undefined ? undefined : [member.kind, member.platform].filter((one) => one !== null).join(' '),
      };
    }),
  );
}

/** The tracker measures delays of indexes, not of their members: what an index waits for is delayed with it. */
export function asPart(document: AvailabilityDocument, parents: readonly Parent[]): AvailabilityDocument {
  const isDelayed = parents.some(({ isIndex, state }) => isIndex && state === 'delayed');
  return isDelayed ? { ...document, delayed: true } : document;
}

/** `sha256-….sig`: how cosign attaches what has no subject. */
const attachingTag = /^sha256-[0-9a-f]{64}\.(sig|att|sbom)$/;
const attachedAs: Readonly<Record<string, string>> = { sig: 'signature', att: 'attestation', sbom: 'SBOM' };

export function kindOf({ mediaType, tags, subject }: AvailabilityDocument, parents: readonly Parent[]): string {
  const [listed] = parents.flatMap((one) => one.listed ?? []);
  const suffix = tags.map((tag) => attachingTag.exec(tag)?.[1] ?? '').find((one) => one !== '');
  if (listed !== undefined) return visible(listed);
  if (suffix !== undefined) return attachedAs[suffix] ?? suffix;
  if (subject !== undefined) return 'attached artifact';
  if (parents.length > 0) return 'part of an index';
  return mediaType === null ? 'not known' : (kindWord(mediaType) ?? 'image');
}
