/**
 * Checks correctness, since fast wrong answers are worthless: after each round, every image must have been published as
 * available everywhere, under exactly one id.
 */
export const allReplicas = 'AcrReplication.ImageAvailableInAllReplicas';

export interface Published {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
}

/** @throws Error when an image was not published, or under two ids */
export function checkPublished(events: readonly Published[], images: number): void {
  const ids = new Map<string, Set<string>>();
  for (const { id, type, subject } of events) {
    if (type === allReplicas) ids.set(subject, (ids.get(subject) ?? new Set<string>()).add(id));
  }
  const twice = [...ids.values()].filter((found) => found.size !== 1).length;
  if (ids.size !== images || twice > 0) {
    throw new Error(
      `of ${images} images, ${ids.size} were published as available everywhere, ${twice} of them under several ids`,
    );
  }
}
