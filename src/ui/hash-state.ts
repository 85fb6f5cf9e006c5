/**
 * What the page shows, as the part of its address after `#`: so that a view can be linked, reloaded and left with the
 * browser's own Back. The key is never part of it.
 */
import type { ListableState } from '../core/listing.ts';
import type { RegistryName } from './screen.ts';

export interface View {
  readonly screen: 'images' | 'image' | 'replicas';
  /** Without it, the first registry. */
  readonly registry: string | undefined;
  readonly repository: string | undefined;
  /** Whatever the address says: of one that is not known the tracker says which are. */
  readonly state: string | undefined;
  /** Only images that are missing in this region. */
  readonly missing: string | undefined;
  /** The reference of the opened image. */
  readonly image: string | undefined;
}

export const states: readonly ListableState[] = ['replicating', 'available', 'delayed', 'deleted'];

const longest = 1024;

/** Reads what somebody typed or linked: what cannot be meant is as if it were not there. */
export function parseHash(hash: string): View {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  const read = (name: string) => {
    const value = parameters.get(name)?.trim() ?? '';
    return value === '' || value.length > longest ? undefined : value;
  };
  const image = read('image');
  const screen = read('view') === 'replicas' ? 'replicas' : image === undefined ? 'images' : 'image';
  return {
    screen,
    registry: read('registry'),
    repository: read('repository'),
    state: read('state'),
    missing: read('missing'),
    image: screen === 'image' ? image : undefined,
  };
}

/** The inverse of `parseHash`; slashes, colons and `@` stay readable. */
export function formatHash(view: View): string {
  const { screen, registry, repository, state, missing, image } = view;
  const fields = { view: screen === 'replicas' ? screen : undefined, registry, repository, state, missing, image };
  const written = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${readable(encodeURIComponent(value))}`],
  );
  return `#${written.join('&')}`;
}

function readable(encoded: string): string {
  return encoded.replaceAll('%2F', '/').replaceAll('%3A', ':').replaceAll('%40', '@');
}

/** By its name or its login server, as the tracker reads it. `undefined`: the address is about none of them. */
export function findRegistry(registries: readonly RegistryName[], view: View): RegistryName | undefined {
  const wanted = view.registry?.toLowerCase();
  // An image names its registry itself.
  if (wanted === undefined || view.screen === 'image') return registries[0];
  return registries.find((each) => [each.name, each.loginServer].some((name) => name.toLowerCase() === wanted));
}

export type Search =
  | { readonly repository: string | undefined }
  | { readonly image: string }
  | { readonly problem: string };

/** Whole, or as short as the page shows it. By Docker's rules no repository has 64 hex digits for a name either. */
const loneDigest = /^@?(?:sha256:[0-9a-f]{8,}…?|[0-9a-f]{64})$/i;

/** What somebody put into the field: a repository to filter by, or a reference to open. */
export function readSearch(text: string, loginServer: string): Search {
  const typed = text.trim().replace(/^https?:\/\//i, '');
  const host = typed.split('/')[0] ?? '';
  const isWhole = typed.includes('/') && /[.:]/.test(host);
  const path = isWhole ? typed.slice(host.length + 1) : typed;
  if (loneDigest.test(path)) return { problem: 'A digest needs its repository, as in team/app@sha256:…' };
  if (!/[:@]/.test(typed)) {
    // A slash at the end is the way to a longer name, and part of none.
    const repository = path.replace(/\/+$/, '');
    return { repository: repository === '' ? undefined : repository };
  }
  return { image: isWhole ? typed : `${loginServer}/${typed}` };
}
