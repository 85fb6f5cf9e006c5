/** Whether manifests of a registry can be read, as far as this process knows from its last tries. */
import type { Reading } from '../image/context.ts';
import type { Clock } from '../runtime/clock.ts';

export interface Readability {
  of(registry: string): Reading;
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

export function readability(clock: Pick<Clock, 'now'>): Readability {
  const failedUntil = new Map<string, number>();
  const reached = new Set<string>();
  const readAt = new Map<string, number>();

  const wasRead = (registry: string) => clock.now() < (readAt.get(registry) ?? Number.NEGATIVE_INFINITY) + closedMs;
  const hasJustFailed = (registry: string) => clock.now() < (failedUntil.get(registry) ?? Number.NEGATIVE_INFINITY);

  return {
    of(registry) {
      if (hasJustFailed(registry)) return wasRead(registry) ? 'interrupted' : 'unreachable';
      if (failedUntil.has(registry)) return wasRead(registry) ? 'readable' : 'unknown';
      return reached.has(registry) ? 'readable' : 'unknown';
    },
    hasJustFailed,
    reached(registry) {
      reached.add(registry);
      failedUntil.delete(registry);
    },
    read(registry) {
      readAt.set(registry, clock.now());
      reached.add(registry);
      failedUntil.delete(registry);
    },
    failed: (registry) => void failedUntil.set(registry, clock.now() + unreachableMs),
  };
}
