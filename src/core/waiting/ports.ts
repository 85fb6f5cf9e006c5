/** Where instances note who waits on them. Every method fails with an `UpstreamError`, as in ports.ts. */

/** What is required of it; each is left out where it is the default, so that notes stay as short as they can. */
export interface Required {
  /** Alphabetical; every expected region without. */
  readonly regions?: readonly string[];
  /** All of the regions without. */
  readonly require?: 'any' | number;
  readonly artifacts?: readonly string[];
  readonly platforms?: readonly string[];
}

/** Something that is waited for by requests that one instance holds. */
export interface WaitNote extends Required {
  readonly kind: 'image' | 'release';
  /** By the global login server, or the name of a release. */
  readonly name: string;
  /** The registry's name from settings; `null` for a release. */
  readonly registry: string | null;
  readonly requests: number;
  /** The longest of them, milliseconds since 1970. */
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
