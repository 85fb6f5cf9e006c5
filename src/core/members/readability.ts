/** Whether manifests of a registry can be read, as far as this process knows from its last tries. */
import type { Reading } from '../image/context.ts';
import type { Registry } from '../model/registry.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ManifestReader } from './ports.ts';

export interface Readability {
  /** `undefined` where nobody is to read them. */
  reading(registry: Registry): Reading | undefined;
  /** Whether the last try was a moment ago, and nobody answered. */
  hasJustFailed(registry: string): boolean;
  /** It answers: whether it lets manifests be read is not known. */
  reached(registry: string): void;
  /** A manifest was read. */
  read(registry: string): void;
  failed(registry: string): void;
}

/** How long a registry that did not tell is taken for one that cannot be read. */
const unreachableMs = 60_000;
/** A registry that let nothing be read for so long has been closed to this app, rather than being away. */
const closedMs = 3_600_000;

/** Asks at once whether each registry can be reached. */
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
      // What was tried meanwhile tells more.
      if (readingOf(registry.name) !== 'unknown') return;
      if (isReached) noteReached(registry.name);
      else noteFailed(registry.name);
    });
  }

  return {
    reading: (registry) => (isOn(registry) ? readingOf(registry.name) : undefined),
    hasJustFailed,
    reached: noteReached,
    read(registry) {
      readAt.set(registry, clock.now());
      noteReached(registry);
    },
    failed: noteFailed,
  };
}
