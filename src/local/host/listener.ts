/** A source of invocations, such as a timer or a queue, after it has been started. */

export interface Listener {
  /** Accepts no new work; resolves when running work is finished. */
  stop(): Promise<void>;
}
