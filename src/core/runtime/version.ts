/** Optimistic concurrency: a write names the version that was read. */

/** Names one stored version of a record; opaque. */
export type Version = string;
