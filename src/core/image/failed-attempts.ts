/** Failed attempts to send something to another service: how many, and the last error. */

export interface FailedAttempts {
  /** A lower bound: each instance adds its own attempts to the count in the record. */
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly lastAt: number;
  /** One line, for people. */
  readonly lastError: string;
}

/** The later error and the higher count of two instances. */
export function joinFailures(
  one: FailedAttempts | undefined,
  other: FailedAttempts | undefined,
): FailedAttempts | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const later = other.lastAt > one.lastAt ? other : one;
  return { ...later, count: Math.max(one.count, other.count) };
}
