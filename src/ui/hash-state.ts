/**
 * The view as the fragment of the page's address, so that it can be linked, reloaded and left with the browser's Back.
 * The key is never part of it.
 */

import type { ListableState } from '../core/query/list-images.ts';
import type { RegistryName } from './registry-name.ts';
import { searchText } from './search-text.ts';

export interface View {
  readonly screen: 'images' | 'image' | 'releases' | 'release' | 'waiting' | 'replicas';
  /** Default: the first registry. */
  readonly registry: string | undefined;
  /** Part of a repository's name or of a tag, the beginning of a digest, or a whole reference. */
  readonly q: string | undefined;
  /** Not checked here: for an unknown state, the tracker's refusal lists the known ones. */
  readonly state: string | undefined;
  /** Only images that are missing in this region. */
  readonly missing: string | undefined;
  /** Default: the newest first. */
  readonly sort: string | undefined;
  /** The reference of the opened image. */
  readonly image: string | undefined;
  /** The kinds of artifacts that must be attached to it, comma-separated. */
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
  'deleting',
  'deleted',
];

/** Screens with a name of their own in the address. The others follow from what is opened. */
const listed = ['releases', 'waiting', 'replicas'] as const;

const maxLength = 1024;

/** Parses an address that may be typed or linked; invalid parts are ignored. */
export function parseHash(hash: string): View {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  const read = (name: string) => {
    const value = parameters.get(name)?.trim() ?? '';
    return value === '' || value.length > maxLength ? undefined : value;
  };
  const image = read('image');
  const release = read('release');
  const screen = listed.find((name) => name === read('view')) ?? opened(image, release);
  return {
    screen,
    registry: read('registry'),
    q: read('q'),
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

/** The inverse of `parseHash`; slashes, colons and `@` stay unescaped and readable. */
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

/** By name or login server, as the tracker accepts it. `undefined`: the address names no tracked registry. */
export function findRegistry(registries: readonly RegistryName[], view: View): RegistryName | undefined {
  const wanted = view.registry?.toLowerCase();
  // An image's reference names its registry, and a release may have images of several registries.
  const isOfOne = ['images', 'waiting', 'replicas'].includes(view.screen);
  if (wanted === undefined || !isOfOne) return registries[0];
  return registries.find((each) => [each.name, each.loginServer].some((name) => name.toLowerCase() === wanted));
}

/**
 * A whole reference with a digest or a tag, which names one image. Docker's rules forbid a repository name of 64 hex
 * digits.
 */
const named = /^[a-z0-9][^\s@:]*(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/;

/**
 * The image that a typed text names; `undefined` for a text that may be part of a name.
 * @param loginServer of the registry to use where the text names none
 */
export function readReference(text: string, loginServer: string): string | undefined {
  const typed = searchText(text).replace(/^[a-z]+:\/\//i, '');
  const host = typed.split('/')[0] ?? '';
  const isWhole = typed.includes('/') && /[.:]/.test(host);
  const path = isWhole ? typed.slice(host.length + 1) : typed;
  if (!named.test(path) || !/[:@]/.test(path) || path.startsWith('sha256:')) return undefined;
  return `${isWhole ? host : loginServer}/${path}`;
}
