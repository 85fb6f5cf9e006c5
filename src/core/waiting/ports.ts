/** Where instances note which requests wait on them. Every method fails with an `UpstreamError`, as in ../ports.ts. */

/** The requirement. Defaults are left out, to keep rows short. */
export interface Required {
  /** Alphabetical; absent: every expected region. */
  readonly regions?: readonly string[];
  /** Absent: all of the regions. */
  readonly require?: 'any' | number;
  readonly artifacts?: readonly string[];
  readonly platforms?: readonly string[];
}

/** An image or a release that requests on one instance wait for. */
export interface WaitNote extends Required {
  readonly kind: 'image' | 'release';
  /** A reference by the global login server, or the name of a release. */
  readonly name: string;
  /** The registry's name from settings; `null` for a release. */
  readonly registry: string | null;
  readonly requests: number;
  /** When the oldest of them began to wait, milliseconds since 1970. */
  readonly since: number;
}

export interface InstanceWaits {
  readonly instance: string;
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
  readonly waits: readonly WaitNote[];
}

/** One row for each instance that has requests waiting. */
export interface WaitStore {
  put(waits: InstanceWaits): Promise<void>;
  list(): Promise<readonly InstanceWaits[]>;
  /** Not finding it is fine. */
  remove(instance: string): Promise<void>;
}
