/**
 * A fast answer that is wrong is worth nothing: after each round, every image must have been told to be everywhere,
 * under exactly one id.
 */
export const allReplicas = 'AcrReplication.ImageAvailableInAllReplicas';

export interface Told {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
}

/** @throws Error when an image was not told, or was told under two ids */
export function checkTold(events: readonly Told[], images: number): void {
  const ids = new Map<string, Set<string>>();
  for (const { id, type, subject } of events) {
    if (type === allReplicas) ids.set(subject, (ids.get(subject) ?? new Set<string>()).add(id));
  }
  const twice = [...ids.values()].filter((found) => found.size !== 1).length;
  if (ids.size !== images || twice > 0) {
    throw new Error(`of ${images} images, ${ids.size} were told to be everywhere, ${twice} of them under several ids`);
  }
}
