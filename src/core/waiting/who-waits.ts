/** What is waited for, by how many and for how long: the notes of all instances, and the checks without a verdict. Pure. */
import type { Check } from '../checks/check.ts';
import { askedText } from '../checks/check.ts';
import { formatReference, parseReference } from '../model/reference.ts';
import type { Registry } from '../model/registry.ts';
import { findRegistryByHost } from '../model/registry.ts';
import type { InstanceWaits } from './ports.ts';
import type { Waited } from './wait-board.ts';

interface WaitedFor extends Waited {
  /** Requests that wait now, or waited some seconds ago. */
  readonly requests: number;
  readonly checks: number;
  /** The longest of them, milliseconds since 1970. */
  readonly since: number;
}

/** @param registry only images of this one; releases, which may have images of several, always. @returns the longest first */
export function whoWaits(
  instances: readonly InstanceWaits[],
  checks: readonly Check[],
  registries: readonly Registry[],
  registry: Registry,
): WaitedFor[] {
  const found = new Map<string, WaitedFor>();

  function add(
    waited: Waited,
    { requests = 0, checks: more = 0, since }: Partial<WaitedFor> & { since: number },
  ): void {
    if (waited.registry !== null && waited.registry !== registry.name) return;
    const key = `${waited.kind} ${waited.name}`;
    const before = found.get(key) ?? { ...waited, requests: 0, checks: 0, since };
    found.set(key, {
      ...before,
      requests: before.requests + requests,
      checks: before.checks + more,
      since: Math.min(before.since, since),
    });
  }

  for (const { waits } of instances) {
    for (const { requests, since, kind, name, registry: of } of waits)
      add({ kind, name, registry: of }, { requests, since });
  }
  for (const check of checks) {
    for (const waited of waitedBy(check, registries)) add(waited, { checks: 1, since: check.acceptedAt });
  }
  return [...found.values()].sort((a, b) => a.since - b.since);
}

/** Images of a registry that is not tracked any more are left out. */
function waitedBy(check: Check, registries: readonly Registry[]): Waited[] {
  const { images, release } = askedText(check);
  if (release !== undefined) return [{ kind: 'release', name: release, registry: null }];
  return images.flatMap((image): Waited[] => {
    const reference = parseReference(image);
    const registry = reference.ok ? findRegistryByHost(registries, reference.value.registry) : undefined;
    if (!reference.ok || registry === undefined) return [];
    return [waitedImage({ ...reference.value, registry })];
  });
}

/** One name for one image, whatever it was called. */
export function waitedImage({ registry, repository, tag, digest }: WaitedQuestion): Waited {
  const name = formatReference({ registry: registry.loginServer, repository, tag, digest });
  return { kind: 'image', name, registry: registry.name };
}

type WaitedQuestion = Omit<Parameters<typeof formatReference>[0], 'registry'> & { readonly registry: Registry };
