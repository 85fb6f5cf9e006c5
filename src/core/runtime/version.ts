/** Optimistic concurrency: whoever writes says which version it has read. */

/** Names one stored version of a record; opaque. */
export type Version = string;
