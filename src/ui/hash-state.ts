/**
 * What the page shows, as the part of its address after `#`: so that a view can be linked, reloaded and left with the
 * browser's own Back. The key is never part of it.
 */

import type { ListableState } from '../core/query/list-images.ts';
import type { RegistryName } from './registry-name.ts';

export interface View {
  readonly screen: 'images' | 'image' | 'releases' | 'release' | 'waiting' | 'replicas';
  /** Without it, the first registry. */
  readonly registry: string | undefined;
  /** Part of a repository's name or of a tag, the beginning of a digest, or a whole reference. */
  readonly q: string | undefined;
  /** Whatever the address says: of one that is not known the tracker says which are. */
  readonly state: string | undefined;
  /** Only images that are missing in this region. */
  readonly missing: string | undefined;
  /** Without it, the newest first. */
  readonly sort: string | undefined;
  /** The reference of the opened image. */
  readonly image: string | undefined;
  /** What must be attached to it, comma-separated. */
  readonly artifacts: string | undefined;
  /** The name of the opened release. */
  readonly release: string | undefined;
}

export const states: readonly ListableState[] = [
  'delayed',
  'diverged',
  'unpublished',
  'replicating',
  'available',
  'deleted',
];

/** Screens that the address names; the others are what it opens. */
const listed = ['releases', 'waiting', 'replicas'] as const;

const longest = 1024;

/** Reads what somebody typed or linked: what cannot be meant is as if it were not there. */
export function parseHash(hash: string): View {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  const read = (name: string) => {
    const value = parameters.get(name)?.trim() ?? '';
    return value === '' || value.length > longest ? undefined : value;
  };
  const image = read('image');
  const release = read('release');
  const screen = listed.find((name) => name === read('view')) ?? opened(image, release);
  return {
    screen,
    registry: read('registry'),
    // Older links name a repository.
    q: read('q') ?? read('repository'),
    state: read('state'),
    missing: read('missing'),
    sort: read('sort'),
    image: screen === 'image' ? image : undefined,
    artifacts: screen === 'image' ? read('artifacts') : undefined,
    release: screen === 'release' ? release : undefined,
  };
}

function opened(image: string | undefined, release: string | undefined): View['screen'] {
  if (image !== undefined) return 'image';
  return release === undefined ? 'images' : 'release';
}

/** The inverse of `parseHash`; slashes, colons and `@` stay readable. */
export function formatHash(view: View): string {
  const { screen, image, artifacts, release, ...list } = view;
  const fields = { view: listed.find((name) => name === screen), ...list, image, artifacts, release };
  const written = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${readable(encodeURIComponent(value))}`],
  );
  return `#${written.join('&')}`;
}

function readable(encoded: string): string {
  return encoded.replaceAll('%2F', '/').replaceAll('%3A', ':').replaceAll('%40', '@').replaceAll('%2C', ',');
}

/** By its name or its login server, as the tracker reads it. `undefined`: the address is about none of them. */
export function findRegistry(registries: readonly RegistryName[], view: View): RegistryName | undefined {
  const wanted = view.registry?.toLowerCase();
  // An image names its registry itself, and a release may have images of several.
  const isOfOne = ['images', 'waiting', 'replicas'].includes(view.screen);
  if (wanted === undefined || !isOfOne) return registries[0];
  return registries.find((each) => [each.name, each.loginServer].some((name) => name.toLowerCase() === wanted));
}

/** Whole, with a digest or a tag: what names one image. By Docker's rules no repository has 64 hex digits for a name. */
const named = /^[a-z0-9][^\s@:]*(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/;

/**
 * The image that somebody's text names; `undefined` for what may be meant as a part of a name.
 * @param loginServer where the text names none
 */
export function readReference(text: string, loginServer: string): string | undefined {
  const typed = text.trim().replace(/^[a-z]+:\/\//i, '');
  const host = typed.split('/')[0] ?? '';
  const isWhole = typed.includes('/') && /[.:]/.test(host);
  const path = isWhole ? typed.slice(host.length + 1) : typed;
  if (!named.test(path) || !/[:@]/.test(path) || path.startsWith('sha256:')) return undefined;
  return `${isWhole ? host : loginServer}/${path}`;
}
