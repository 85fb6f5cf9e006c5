/**
 * An Azure region in its short form, `westeurope`. People, portals and ARM spell the same region
 * `West Europe`, `WestEurope` and `westeurope`; two spellings of one region would count as two replicas.
 */
declare const regionBrand: unique symbol;
export type Region = string & { readonly [regionBrand]: true };

/** Checked before lower-casing, which makes plain letters of some that are not, such as the Kelvin sign. */
const pattern = /^[a-z][a-z0-9]{1,39}$/i;

export const regionRule = 'must be an Azure region such as "westeurope" or "West Europe"';

export function parseRegion(text: unknown): Region | undefined {
  if (typeof text !== 'string' || text.length > 80) return undefined;
  const short = text.replaceAll(/\s/g, '');
  return pattern.test(short) ? (short.toLowerCase() as Region) : undefined;
}

/** Alphabetical, without repeats: the order in which every answer lists regions. */
export function sortRegions(regions: Iterable<Region>): Region[] {
  return [...new Set(regions)].sort();
}
