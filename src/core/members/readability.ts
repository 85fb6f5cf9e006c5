/** Whether manifests of a registry can be read, as far as this process knows from its latest attempts. */
import type { Reading } from '../image/context.ts';
import type { Registry } from '../model/registry.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ManifestReader } from './ports.ts';

export interface Readability {
  /** `undefined` if the settings say that manifests are not read. */
  reading(registry: Registry): Reading | undefined;
  /** Whether the latest attempt failed, within the last minute. */
  hasJustFailed(registry: string): boolean;
  /** The registry answers. Whether it lets manifests be read is not known. */
  noteReached(registry: string): void;
  /** A manifest was read. */
  noteRead(registry: string): void;
  noteFailed(registry: string): void;
}

/** For so long after a failed attempt, a registry counts as one that cannot be read. */
const unreachableMs = 60_000;
/** After so long without a manifest, access is assumed to be denied, rather than interrupted. */
const closedMs = 3_600_000;

/** Checks at once whether each registry can be reached. */
export function readability(deps: {
  readonly reader: Pick<ManifestReader, 'reaches'> | undefined;
  readonly registries: readonly Registry[];
  readonly clock: Pick<Clock, 'now'>;
}): Readability {
  const { reader, clock } = deps;
  const failedUntil = new Map<string, number>();
  const reached = new Set<string>();
  const readAt = new Map<string, number>();

  const wasRead = (registry: string) => clock.now() < (readAt.get(registry) ?? Number.NEGATIVE_INFINITY) + closedMs;
  const hasJustFailed = (registry: string) => clock.now() < (failedUntil.get(registry) ?? Number.NEGATIVE_INFINITY);

  function isOn({ members }: Registry): boolean {
    return reader !== undefined && members !== false;
  }

  function readingOf(registry: string): Reading {
    if (hasJustFailed(registry)) return wasRead(registry) ? 'interrupted' : 'unreachable';
    if (failedUntil.has(registry)) return wasRead(registry) ? 'readable' : 'unknown';
    return reached.has(registry) ? 'readable' : 'unknown';
  }

  function noteReached(registry: string): void {
    reached.add(registry);
    failedUntil.delete(registry);
  }

  function noteFailed(registry: string): void {
    failedUntil.set(registry, clock.now() + unreachableMs);
  }

  for (const registry of deps.registries.filter(isOn)) {
    void reader?.reaches(registry).then((isReached) => {
      // An attempt to read a manifest meanwhile is more reliable.
      if (readingOf(registry.name) !== 'unknown') return;
      if (isReached) noteReached(registry.name);
      else noteFailed(registry.name);
    });
  }

  return {
    reading: (registry) => (isOn(registry) ? readingOf(registry.name) : undefined),
    hasJustFailed,
    noteReached,
    noteRead(registry) {
      readAt.set(registry, clock.now());
      noteReached(registry);
    },
    noteFailed,
  };
}
