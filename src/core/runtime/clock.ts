/** The time, and waiting; tests have a clock of their own. */

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after that time, or as soon as the signal is aborted. Never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}
