/** What starts functions by itself, once it has begun. */

export interface Listener {
  /** Takes no new work; resolves when what it had begun is finished. */
  stop(): Promise<void>;
}
