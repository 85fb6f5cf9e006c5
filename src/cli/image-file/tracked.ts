/** Sorts images by whether their registry is tracked: a manifest names images of many registries. */
import { parseReference } from '../../core/model/reference.ts';
import { findRegistryByHost } from '../../core/model/registry.ts';
import { readText } from '../document.ts';
import type { Fields } from '../tracker-reply.ts';
import { isFields } from '../tracker-reply.ts';

/** The login servers in the tracker's list of registries. @returns `undefined` when this is no such list */
export function readLoginServers({ registries }: Fields): readonly string[] | undefined {
  if (!Array.isArray(registries)) return undefined;
  return registries.filter(isFields).flatMap(({ loginServer }) => readText(loginServer) ?? []);
}

export interface Sorted {
  readonly tracked: readonly string[];
  /** By registry, in the order of the images. */
  readonly untracked: ReadonlyMap<string, readonly string[]>;
}

/** @param images full references */
export function sortByRegistry(images: readonly string[], loginServers: readonly string[]): Sorted {
  const registries = loginServers.map((loginServer) => ({ loginServer, regionalEndpoints: false }));
  const tracked: string[] = [];
  const untracked = new Map<string, string[]>();
  for (const image of images) {
    const reference = parseReference(image);
    const host = reference.ok ? reference.value.registry : image;
    if (findRegistryByHost(registries, host) !== undefined) tracked.push(image);
    else untracked.set(host, [...(untracked.get(host) ?? []), image]);
  }
  return { tracked, untracked };
}

/** One line for each registry. */
export function describeUntracked({ untracked }: Sorted): string[] {
  return [...untracked].map(([host, images]) => {
    const names = images.map((image) => image.slice(host.length + 1)).join(', ');
    return `${host} is not tracked: ${names}`;
  });
}
