/**
 * What clients do to the registry: push, delete, untag. One region's replica answers each request, and the change is
 * then copied to the others; a multi-platform push is several requests, and the image gets its tag with the last.
 */
import { readAttachment } from './attachment.ts';
import { type Change, toManifestKey, toTagKey } from './change.ts';
import { drawClientRequest, toRegionalHost } from './client-request.ts';
import { listManifests, type Manifest } from './manifest.ts';
import { drawBetween, openRandom } from './random.ts';
import { hasManifest } from './replica.ts';
import { landChange, note, type WorldState } from './world-state.ts';

export interface ClientOptions {
  /** The region whose replica answers. Default: the first that is up. */
  region?: string;
  /** Connects to the regional endpoint instead of the login server. */
  regionalHost?: boolean;
}

/** @throws Error when no replica can answer there */
export function pushImage(
  state: WorldState,
  repository: string,
  tag: string | null,
  image: Manifest,
  options: ClientOptions = {},
): void {
  const { seed, scheduler, speed = 1 } = state.options;
  const request = openRequest(state, `push ${repository} ${tag} ${image.digest}`, options);
  const random = openRandom(seed, `pauses ${request.pushLabel}`);
  const manifests = listManifests(image);
  let dueAt = scheduler.now();
  manifests.forEach((manifest, index) => {
    const isChild = index < manifests.length - 1;
    const put = () => {
      const label = `${request.pushLabel} manifest ${index}`;
      makeChange(state, request, { kind: 'put', repository, manifest, tag: isChild ? null : tag, label, isChild });
    };
    if (index === 0) put();
    else scheduler.at(dueAt, put);
    dueAt += drawBetween(random, 50, 250) / speed;
  });
}

/**
 * Deletes the manifest and every tag that points at it.
 * @throws Error when the region's replica does not have it (a client would be answered 404), or none answers there
 */
export function deleteImage(state: WorldState, repository: string, image: Manifest, options: ClientOptions = {}): void {
  const request = openRequest(state, `delete ${repository} ${image.digest}`, options);
  const replica = state.replicas.get(request.origin);
  if (replica === undefined || !hasManifest(replica, repository, image.digest)) {
    throw new Error(`delete: ${repository}@${image.digest} is not in ${request.origin}; delete it where it is`);
  }
  const label = request.pushLabel;
  makeChange(state, request, { kind: 'delete', repository, manifest: image, tag: null, label, isChild: false });
}

/** Removes the tag; the manifest stays, and no webhook fires. */
export function untagImage(
  state: WorldState,
  repository: string,
  tag: string,
  image: Manifest,
  options: ClientOptions = {},
): void {
  const request = openRequest(state, `untag ${repository} ${tag}`, options);
  makeChange(state, request, {
    kind: 'untag',
    repository,
    manifest: image,
    tag,
    label: request.pushLabel,
    isChild: false,
  });
}

interface OpenRequest {
  pushLabel: string;
  origin: string;
  host: string;
}

function openRequest(state: WorldState, what: string, options: ClientOptions): OpenRequest {
  const up = [...state.replicas.keys()].filter((region) => !state.replication.isDown(region));
  const origin = options.region ?? up[0];
  if (origin === undefined || !up.includes(origin)) {
    throw new Error(
      `${what.split(' ')[0]}: no replica answers in ${origin ?? 'any region'}; up now: ${up.join(', ') || 'none'}`,
    );
  }
  const count = (state.requests.get(what) ?? 0) + 1;
  state.requests.set(what, count);
  const host = options.regionalHost ? toRegionalHost(state.loginServer, origin) : state.loginServer;
  return { pushLabel: `${what} ${count}`, origin, host };
}

type Made = Pick<Change, 'kind' | 'repository' | 'manifest' | 'tag' | 'label' | 'isChild'>;

function makeChange(state: WorldState, { pushLabel, origin, host }: OpenRequest, made: Made): void {
  const { seed, scheduler } = state.options;
  // The replica failed during the push: the client gets an error, and the index is never put.
  if (!state.replicas.has(origin) || state.replication.isDown(origin)) {
    note(state, origin, 'failed', made.tag === null ? made.repository : toTagKey(made.repository, made.tag));
    return;
  }
  const request = drawClientRequest(seed, made.label, host, made.kind === 'put' ? 'PUT' : 'DELETE');
  noteFamily(state, made);
  const number = state.changes.length;
  const change: Change = { ...made, pushLabel, origin, number, madeAt: scheduler.now(), request };
  state.changes.push(change);
  landChange(state, origin, change);
  for (const region of state.replicas.keys()) if (region !== origin) state.replication.copy(change, region);
}

function noteFamily({ families, signatures }: WorldState, { kind, repository, manifest, tag }: Made): void {
  const attachment = kind === 'put' ? readAttachment(repository, manifest, tag) : undefined;
  if (attachment !== undefined) {
    const { subject, attached } = attachment;
    signatures.set(subject, new Set([...(signatures.get(subject) ?? []), attached]));
  }
  if (manifest.children.length === 0) return;
  const members = manifest.children.flatMap(listManifests).map(({ digest }) => toManifestKey(repository, digest));
  families.set(toManifestKey(repository, manifest.digest), [...new Set(members)]);
}
