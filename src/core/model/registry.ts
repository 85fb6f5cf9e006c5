/**
 * One geo-replicated registry as the settings describe it, and its host names. The global and the regional login servers name the
 * same images, so a reference with either must find the same registry.
 */
import type { Region } from './region.ts';
import { parseRegion } from './region.ts';

export type VerifyMode = 'missing' | 'confirm' | 'deep';

export interface Registry {
  /** Lower case; what webhook routes and storage keys use. */
  readonly name: string;
  /** Lower case host, with a port if it has one. */
  readonly loginServer: string;
  /** ARM id; `undefined` if the replica set comes from the settings alone. */
  readonly resourceId: string | undefined;
  /** A fixed list of regions, used instead of ARM's. */
  readonly regions: readonly Region[] | undefined;
  /** Regions that are shown and never waited for. */
  readonly observedOnly: readonly Region[];
  /** How each replica can be probed separately: not at all, at the standard host names, or at these origins. */
  readonly regionalEndpoints: boolean | ReadonlyMap<Region, string>;
  readonly verify: VerifyMode;
  /** `false`: manifests are not read, so the members of an index are not known. */
  readonly members?: boolean;
}

/** CloudEvents `source` of every event about this registry. */
export function eventSource(registry: Registry): string {
  return registry.resourceId ?? `https://${registry.loginServer}`;
}

/**
 * Origin of one replica; `undefined` if replicas cannot be probed separately. The standard name is built from the login server's
 * first label, which may end in a `-hash`, not from the registry's name.
 */
export function regionalOrigin(registry: Registry, region: Region): string | undefined {
  if (registry.regionalEndpoints === false) return undefined;
  if (registry.regionalEndpoints !== true) return registry.regionalEndpoints.get(region);
  const [label, ...suffix] = registry.loginServer.split('.');
  return `https://${label}.${region}.geo.${suffix.join('.')}`;
}

/** @param host a login server as people write it, global or regional, any case */
export function findRegistryByHost<R extends Pick<Registry, 'loginServer' | 'regionalEndpoints'>>(
  registries: readonly R[],
  host: string,
): R | undefined {
  const wanted = host.toLowerCase();
  return registries.find(
    (registry) =>
      registry.loginServer === wanted ||
      globalLoginServer(wanted) === registry.loginServer ||
      (registry.regionalEndpoints instanceof Map &&
        [...registry.regionalEndpoints.values()].some((origin) => new URL(origin).host === wanted)),
  );
}

/** `contoso.azurecr.io` for `contoso.eastus.geo.azurecr.io`; every other host unchanged. */
function globalLoginServer(host: string): string {
  const [label, region, geo, ...suffix] = host.split('.');
  const isRegional = geo === 'geo' && suffix.length > 0 && parseRegion(region) === region;
  return isRegional ? `${label}.${suffix.join('.')}` : host;
}

export function findRegistryByName(registries: readonly Registry[], name: string): Registry | undefined {
  const wanted = name.toLowerCase();
  return registries.find((registry) => registry.name === wanted);
}
