/** What somebody outside did not accept: how often it was sent, and what they answered last. */

export interface FailedAttempts {
  /** At least: each instance counts its own, from what is noted in the record. */
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly lastAt: number;
  /** One line, for people. */
  readonly lastError: string;
}

/** Of two instances the later word, and the higher count. */
export function joinFailures(
  one: FailedAttempts | undefined,
  other: FailedAttempts | undefined,
): FailedAttempts | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const later = other.lastAt > one.lastAt ? other : one;
  return { ...later, count: Math.max(one.count, other.count) };
}
