/**
 * Images that a search by tag may not find: what an image is found by is removed by a request of its own, and one that arrives
 * late removes what another instance has added since. Nothing in the product repairs that before the image gets another tag.
 */
import type { Digest } from '../../src/core/model/digest.ts';
import type { CatalogueChange } from '../../src/core/ports.ts';
import type { Effect } from './network.ts';

export interface SearchRows {
  saw(effect: Effect): void;
  mayBeGone(digest: Digest | null): boolean;
}

/** @param now milliseconds since 1970 */
export function searchRows(now: () => number): SearchRows {
  const addedAt = new Map<Digest, number>();
  const gone = new Set<Digest | null>();
  return {
    saw({ port, method, args, calledAt }) {
      if (port !== 'catalogue' || (method !== 'addParts' && method !== 'removeParts')) return;
      for (const { name } of args[0] as readonly CatalogueChange[]) {
        if (method === 'addParts') addedAt.set(name.digest, now());
        else if ((addedAt.get(name.digest) ?? 0) >= calledAt) gone.add(name.digest);
      }
    },
    mayBeGone: (digest) => gone.has(digest),
  };
}
