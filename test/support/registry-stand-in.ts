/**
 * One replica with the distribution API and the token flow of the registry over real HTTP. A test can replace any
 * answer by a fault. It is as strict as the registry: an image of a type that was not accepted is a 404, a token is
 * valid for its one repository until it ends or is revoked.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Digest } from '../../src/core/model/digest.ts';

export const types = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociImage: 'application/vnd.oci.image.manifest.v1+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerImage: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;

/** Media types that few registries still store, and that must be requested by name. */
export const olderTypes = {
  ociArtifact: 'application/vnd.oci.artifact.manifest.v1+json',
  orasArtifact: 'application/vnd.cncf.oras.artifact.manifest.v1+json',
  schema1: 'application/vnd.docker.distribution.manifest.v1+json',
  signedSchema1: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
} as const;

export interface Content {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly body: Buffer;
}

export function content(mediaType: string, body: Buffer | string): Content {
  const bytes = Buffer.from(body);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
  return { digest, mediaType, body: bytes };
}

export function descriptor({ digest, mediaType, body }: Content, more: object = {}): object {
  return { mediaType, digest, size: body.length, ...more };
}

export interface Image {
  readonly manifest: Content;
  readonly blobs: readonly Content[];
}

/** An image whose config and layers differ from those of other images by its name. */
export function image(name: string, mediaType: string = types.ociImage, moreLayers: readonly object[] = []): Image {
  const isOci = mediaType === types.ociImage;
  const config = content(
    isOci ? 'application/vnd.oci.image.config.v1+json' : 'application/vnd.docker.container.image.v1+json',
    JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Labels: { name } }, rootfs: { type: 'layers' } }),
  );
  const layerType = isOci
    ? 'application/vnd.oci.image.layer.v1.tar+gzip'
    : 'application/vnd.docker.image.rootfs.diff.tar.gzip';
  const layers = ['lower', 'upper'].map((layer) => content(layerType, `${name} ${layer}`));
  const document = {
    schemaVersion: 2,
    mediaType,
    config: descriptor(config),
    layers: [...layers.map((layer) => descriptor(layer)), ...moreLayers],
  };
  return { manifest: content(mediaType, JSON.stringify(document)), blobs: [config, ...layers] };
}

/** Blobs under a name of their own, as signatures and bills of materials were pushed before OCI 1.1. */
export function artifact(mediaType: string, blobs: readonly Content[]): Content {
  const document = { mediaType, artifactType: 'sbom/example', blobs: blobs.map((blob) => descriptor(blob)) };
  return content(mediaType, JSON.stringify(document));
}

/** Docker's schema 1 with a signature, which its digest leaves out: the bytes as the registry serves them. */
export function signedManifest(layers: readonly Content[]): Content {
  const document = { schemaVersion: 1, name: 'team/app', fsLayers: layers.map(({ digest }) => ({ blobSum: digest })) };
  const payload = JSON.stringify(document, null, 3);
  const formatLength = payload.length - '\n}'.length;
  const formatTail = Buffer.from('\n}').toString('base64url');
  const words = Buffer.from(JSON.stringify({ formatLength, formatTail })).toString('base64url');
  const signatures = JSON.stringify([{ header: { alg: 'ES256' }, signature: 'c2ln', protected: words }]);
  const body = `${payload.slice(0, formatLength)},\n   "signatures": ${signatures}\n}`;
  return { ...content(olderTypes.signedSchema1, payload), body: Buffer.from(body) };
}

export function index(children: readonly object[], mediaType: string = types.ociIndex): Content {
  return content(mediaType, JSON.stringify({ schemaVersion: 2, mediaType, manifests: children }));
}

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly form: URLSearchParams;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
}

/** The registry's error for a manifest that it has (Azure/azure-cli#24976). */
const typeNotAccepted = 'OCI artifact found, but accept header does not support OCI artifacts';

export const notFound = (code: string, message = 'not here'): Answer => ({
  status: 404,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify({ errors: [{ code, message, detail: {} }] }),
});

/** Answers of a gateway, or at an address without a registry: 404s that prove nothing about any manifest. */
export const foreignNotFound: readonly [string, Answer][] = [
  ['without a word', { status: 404 }],
  ['a page', { status: 404, headers: { 'content-type': 'text/html' }, body: '<html><h1>404 Not Found</h1></html>' }],
  ['JSON of another service', { status: 404, body: '{"statusCode":404,"message":"Resource not found"}' }],
  ['a list without codes', { status: 404, body: '{"errors":[{"message":"no route"}]}' }],
  ['an empty list', { status: 404, body: '{"errors":[]}' }],
  ['text in place of a list', { status: 404, body: '{"errors":"MANIFEST_UNKNOWN"}' }],
  ['a code of another kind', notFound('UNAUTHORIZED')],
  ['a path it does not know', notFound('NOT_FOUND', '404 page not found')],
  ['an endless page', { status: 404, body: 'MANIFEST_UNKNOWN '.repeat(10_000) }],
  ['another version header', { status: 404, headers: { 'docker-distribution-api-version': 'none' } }],
];

export type Misbehaviour = Answer | 'silence' | 'hangUp' | undefined;

export interface RegistryStandIn {
  readonly origin: string;
  readonly seen: Seen[];
  /** By repository. */
  readonly manifests: Map<string, Content[]>;
  readonly blobs: Set<string>;
  /** `repository:tag` to digest. */
  readonly tags: Map<string, Digest>;
  /** The identity token to be exchanged; without one, reading is for everybody. */
  identity: string | undefined;
  /** When tokens made from now on end, milliseconds since 1970; `undefined`: they have no expiry. */
  tokensEndAt: number | undefined;
  /** Answers instead of the protocol, where it returns something. */
  misbehave: (seen: Seen) => Misbehaviour | Promise<Misbehaviour>;
  add(repository: string, ...contents: readonly Content[]): void;
  revokeTokens(): void;
  requests(method: string, pathPart: string): Seen[];
  stop(): Promise<void>;
}

export async function startRegistryStandIn(): Promise<RegistryStandIn> {
  let refreshTokens = new Set<string>();
  let accessTokens = new Map<string, string>();

  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const seen: Seen = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      form: new URLSearchParams(body),
    };
    standIn.seen.push(seen);
    const answer = (await standIn.misbehave(seen)) ?? follow(seen);
    if (answer === 'silence') return;
    if (answer === 'hangUp') return void request.socket.destroy();
    response.writeHead(answer.status, answer.headers as Record<string, string | string[]>);
    response.end(seen.method === 'HEAD' ? undefined : answer.body);
  });

  function follow(seen: Seen): Answer {
    if (seen.path === '/oauth2/exchange') return exchange(seen);
    if (seen.path === '/oauth2/token') return makeToken(seen);
    const [, repository, kind, reference] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(seen.path) ?? [];
    if (repository === undefined || reference === undefined) return { status: 404 };
    const bearer = String(seen.headers.authorization ?? '').replace('Bearer ', '');
    const scope = `repository:${repository}:pull`;
    if (standIn.identity !== undefined && accessTokens.get(bearer) !== scope) {
      const realm = `${standIn.origin}/oauth2/token`;
      const challenge = `Bearer realm="${realm}",service="${new URL(realm).host}",scope="${scope}"`;
      return { status: 401, headers: { 'www-authenticate': challenge }, body: '{"errors":[]}' };
    }
    if (kind === 'blobs') return standIn.blobs.has(reference) ? { status: 200 } : notFound('BLOB_UNKNOWN');
    const wanted = standIn.tags.get(`${repository}:${reference}`) ?? reference;
    const found = standIn.manifests.get(repository)?.find(({ digest }) => digest === wanted);
    if (found === undefined) return notFound('MANIFEST_UNKNOWN', `manifest tagged by "${reference}" is not found`);
    const accepted = String(seen.headers.accept).split(/,\s*/);
    if (!accepted.includes(found.mediaType)) return notFound('MANIFEST_UNKNOWN', typeNotAccepted);
    const headers = { 'content-type': found.mediaType, 'docker-content-digest': found.digest };
    return { status: 200, headers: { ...headers, 'content-length': String(found.body.length) }, body: found.body };
  }

  function exchange({ method, form }: Seen): Answer {
    const isRight = form.get('grant_type') === 'access_token' && form.get('service') === new URL(standIn.origin).host;
    if (method !== 'POST' || !isRight) return { status: 404 };
    if (form.get('access_token') !== standIn.identity) return { status: 401 };
    const token = jsonWebToken('refresh');
    refreshTokens.add(token);
    return { status: 200, body: JSON.stringify({ refresh_token: token }) };
  }

  function makeToken({ method, form }: Seen): Answer {
    if (method !== 'POST' || form.get('grant_type') !== 'refresh_token') return { status: 404 };
    if (!refreshTokens.has(form.get('refresh_token') ?? '')) return { status: 401 };
    const token = jsonWebToken('access');
    accessTokens.set(token, form.get('scope') ?? '');
    return { status: 200, body: JSON.stringify({ access_token: token }) };
  }

  function jsonWebToken(kind: string): string {
    const { tokensEndAt } = standIn;
    const payload = { kind, jti: randomUUID(), ...(tokensEndAt !== undefined && { exp: tokensEndAt / 1000 }) };
    return ['e30', Buffer.from(JSON.stringify(payload)).toString('base64url'), 'signature'].join('.');
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const standIn: RegistryStandIn = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    manifests: new Map(),
    blobs: new Set(),
    tags: new Map(),
    identity: undefined,
    tokensEndAt: undefined,
    misbehave: () => undefined,
    add(repository, ...contents) {
      standIn.manifests.set(repository, [...(standIn.manifests.get(repository) ?? []), ...contents]);
      for (const { digest } of contents) standIn.blobs.add(digest);
    },
    revokeTokens() {
      refreshTokens = new Set();
      accessTokens = new Map();
    },
    requests: (method, pathPart) =>
      standIn.seen.filter((seen) => seen.method === method && seen.path.includes(pathPart)),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return standIn;
}
