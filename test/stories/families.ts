/**
 * Indexes in a story: what they list, and which regions have them. Contract, section 6: a region has an index only with
 * every manifest that it lists, deleting one takes the family away from that region, and an index that cannot be read
 * counts by its own reports.
 */
import { createHash } from 'node:crypto';
import { manifestOf, mediaType } from './endpoints.ts';
import type { History } from './history.ts';
import type { Model, Window } from './model.ts';
import type { Random } from './random.ts';

export interface Member {
  readonly digest: string;
  readonly kind: 'platform' | 'attestation';
  readonly platform: string | null;
}

export interface Family {
  readonly index: string;
  readonly members: readonly Member[];
}

interface Written {
  readonly digest: string;
  readonly manifest: string;
}

const indexType = 'application/vnd.oci.image.index.v1+json';
const platforms = ['amd64', 'arm64', 's390x', 'ppc64le'];
/** From the acknowledgement of an index until it has been read, on an idle machine. */
const readingMs = 5_000;
/**
 * How long an instance that was killed may keep an index from being read until another instance reads it. The contract
 * names no time.
 */
const takeOverMs = 60_000;

/** An index of 2 to 4 platforms, half of them with attestations. @returns the index first */
export function familyOf(random: Random, name: string): { family: Family; manifests: readonly Written[] } {
  const count = random.between(2, platforms.length);
  const kinds: Member['kind'][] = random.chance(0.5) ? ['platform', 'attestation'] : ['platform'];
  const written = kinds.flatMap((kind) =>
    platforms.slice(0, count).map((architecture) => {
      const own = write(manifestOf(`${name} ${kind} ${architecture}`));
      return { ...own, kind, platform: kind === 'platform' ? `linux/${architecture}` : null };
    }),
  );
  const described = written.map(({ digest, manifest, kind, platform }) => ({
    ...{ mediaType, digest, size: manifest.length },
    platform:
      platform === null
        ? { os: 'unknown', architecture: 'unknown' }
        : { os: 'linux', architecture: platform.slice('linux/'.length) },
    ...(kind === 'attestation' && { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } }),
  }));
  const index = write(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: described }));
  const members = written.map(({ digest, kind, platform }) => ({ digest, kind, platform }));
  return {
    family: { index: index.digest, members },
    manifests: [index, ...written.map(({ digest, manifest }) => ({ digest, manifest }))],
  };
}

function write(manifest: string): Written {
  return { digest: `sha256:${createHash('sha256').update(manifest).digest('hex')}`, manifest };
}

/** The media type of a manifest. */
export function typeOf(manifest: string | undefined): string {
  return manifest === undefined ? mediaType : String(JSON.parse(manifest).mediaType);
}

export function membersOf({ families }: Pick<History, 'families'>, digest: string): readonly Member[] {
  return families.find(({ index }) => index === digest)?.members ?? [];
}

/** The digests that have to be there for this one to count. */
export function wholeOf(history: Pick<History, 'families'>, digest: string): readonly string[] {
  return [digest, ...membersOf(history, digest).map((member) => member.digest)];
}

/** From when on an index that was acknowledged has certainly been read; infinite while it may be unread. */
export function readBy({ faults }: History, { facts }: Model, digest: string): number {
  const pushes = facts.filter((fact) => fact.action === 'push' && fact.digest === digest);
  const firstAck = Math.min(...pushes.map(({ ackedAt }) => ackedAt));
  const firstSent = Math.min(...pushes.map(({ sentAt }) => sentAt));
  const inTheWay = faults.filter(
    ({ kind, from, until }) =>
      !kind.startsWith('topic') && from <= firstAck + readingMs && until >= firstSent - readingMs,
  );
  return Math.max(firstAck + readingMs, ...inTheWay.map(({ until }) => until + takeOverMs));
}

/** The same statements about whole families. `alone`: about an index that the tracker could not read. */
export function withFamilies(model: Model, history: History): Model {
  if (history.families.length === 0) return model;
  const whole = (digest: string) => wholeOf(history, digest);
  const isFamily = (digest: string) => membersOf(history, digest).length > 0;
  const isRead = (digest: string, { since, until }: Window) =>
    !isFamily(digest) || until === Number.POSITIVE_INFINITY || since >= readBy(history, model, digest);
  const families: Model = {
    ...model,
    alone: model,
    isPossiblyThere: (digest, region, window) =>
      whole(digest).every((each) => model.isPossiblyThere(each, region, window)),
    isCertainlyThere: (digest, region, window) =>
      isRead(digest, window) && whole(digest).every((each) => model.isCertainlyThere(each, region, window)),
    isPossiblyDeleted: (digest, region, window) =>
      whole(digest).some((each) => model.isPossiblyDeleted(each, region, window)),
    isPossiblyBroken: (digest, region, window) =>
      membersOf(history, digest).some((member) => model.isPossiblyDeleted(member.digest, region, window)),
    isUnreported: (digest, region, window) => whole(digest).every((each) => model.isUnreported(each, region, window)),
    isPossiblyGone: (digest, regions, window) =>
      regions.every((region) => !families.isCertainlyThere(digest, region, window)) &&
      regions.some((region) => families.isPossiblyDeleted(digest, region, window)),
    mayBeBack: (digest, window) => whole(digest).some((each) => model.mayBeBack(each, window)),
  };
  return families;
}
