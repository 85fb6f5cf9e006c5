/**
 * What we count, measure and trace, as roles: an adapter gives each its technology, and without one nothing is kept. A
 * measurement says which registry and which region, never which repository, digest or tag: every new value of an
 * attribute is a series of its own to whoever stores it. Spans are stored one by one, so they name the image.
 */
import type { AnnouncementKind } from './announcement.ts';
import type { Evidence, MergeOutcome } from './arrival.ts';
import type { CheckKind, CheckOutcome, Verdict } from './checks/check.ts';
import type { ErrorCode } from './errors.ts';
import type { ForwardOutcome } from './forwarding/forwarder.ts';
import type { ProbeAnswer } from './ports.ts';
import type { Region } from './region.ts';
import type { ReplicaSet } from './replica-set.ts';
import { findReplica } from './replica-set.ts';

/** W3C Trace Context: version, trace, span and flags. Names a place in a trace, holds nothing else. */
export type TraceParent = string;

/** What became of a delivery: `refused` at the door, `failed` when nothing could store it. */
export type DeliveryOutcome = MergeOutcome | 'ignored' | 'pong' | 'deferred' | 'refused' | 'failed';

/** Where it came from: `queue` is for what was deferred, and is tried again. */
export type DeliverySource = 'webhook' | 'queue' | 'eventGrid' | 'deliveryLog';

/** A region of the replica set; `other` for everything else, so that nobody can invent any number of them. */
export type MeasuredRegion = Region | 'other';

/** The attributes of each role. */
export interface Measurements {
  readonly deliveries: {
    readonly registry: string;
    readonly region: MeasuredRegion;
    readonly source: DeliverySource;
    readonly outcome: DeliveryOutcome;
  };
  readonly lag: { readonly registry: string; readonly region: MeasuredRegion; readonly evidence: Evidence };
  readonly announcing: { readonly registry: string; readonly event: AnnouncementKind };
  readonly probes: {
    readonly registry: string;
    readonly region: MeasuredRegion;
    readonly result: ProbeAnswer['kind'];
  };
  readonly waiters: { readonly registry: string };
  readonly publishFailures: { readonly error: ErrorCode | 'unexpected' };
  readonly forwards: { readonly registry: string; readonly target: string; readonly outcome: ForwardOutcome };
  /** `again`: it was not taken this time. */
  readonly verdicts: {
    readonly kind: CheckKind;
    readonly result: Verdict['result'];
    readonly outcome: CheckOutcome | 'again';
  };
  readonly delayed: { readonly registry: string };
}

export type Role = keyof Measurements;

export interface Instrument {
  /** `counter`: only grows. `level`: goes up and down. `histogram`: a distribution. */
  readonly kind: 'counter' | 'level' | 'histogram';
  /** As others see it. */
  readonly name: string;
  /** UCUM, as OpenTelemetry has it. */
  readonly unit: string;
  readonly description: string;
  /** Upper bounds of a histogram's buckets, ascending. */
  readonly bounds?: readonly number[];
}

const prefix = 'acr_replication';

export const instruments: Readonly<Record<Role, Instrument>> = {
  deliveries: {
    kind: 'counter',
    name: `${prefix}.deliveries`,
    unit: '{delivery}',
    description: 'What replicas were said to have, by what became of it',
  },
  lag: {
    kind: 'histogram',
    name: `${prefix}.lag`,
    unit: 's',
    description: 'From the first region that had an image to this one',
    bounds: [0, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 14_400],
  },
  announcing: {
    kind: 'histogram',
    name: `${prefix}.announcing`,
    unit: 's',
    description: 'From the fact that an event tells of to the topic having taken the event',
    bounds: [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30, 60, 300, 3600],
  },
  probes: {
    kind: 'counter',
    name: `${prefix}.probes`,
    unit: '{probe}',
    description: 'Replicas asked, by what they said',
  },
  waiters: {
    kind: 'level',
    name: `${prefix}.waiters`,
    unit: '{waiter}',
    description: 'Requests that wait for an image now',
  },
  publishFailures: {
    kind: 'counter',
    name: `${prefix}.publish_failures`,
    unit: '{failure}',
    description: 'Times that the topic did not take what it was sent',
  },
  forwards: {
    kind: 'counter',
    name: `${prefix}.forwards`,
    unit: '{forward}',
    description: 'Tries to forward a webhook, by how they ended',
  },
  verdicts: {
    kind: 'counter',
    name: `${prefix}.verdicts`,
    unit: '{verdict}',
    description: 'Tries to call back the verdict of a check, by verdict and how they ended',
  },
  delayed: {
    kind: 'counter',
    name: `${prefix}.delayed_images`,
    unit: '{image}',
    description: 'Images called delayed',
  },
};

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A piece of work under way. */
export interface Span {
  set(attributes: SpanAttributes): void;
}

/** Nothing here ever fails, and nothing here is waited for: what is measured goes on whatever becomes of the measuring. */
export interface Telemetry {
  /** Adds to a counter, changes a level by that much, or notes one value of a distribution. */
  measure<R extends Role>(role: R, value: number, attributes: Measurements[R]): void;
  /**
   * Does the work as one span of the present trace; a failure of the work is noted and passed on.
   * @param parent what it belongs to, where that is not what it is called from
   */
  span<T>(name: string, attributes: SpanAttributes, work: (span: Span) => Promise<T>, parent?: TraceParent): Promise<T>;
  /** Notes a span that is over. Times are milliseconds since 1970. */
  passed(name: string, attributes: SpanAttributes, from: number, to: number, parent: TraceParent | undefined): void;
  /** The span whose work calls this; `undefined` outside of all. */
  here(): TraceParent | undefined;
}

export const noSpan: Span = { set: () => undefined };

export const noTelemetry: Telemetry = {
  measure: () => undefined,
  span: (_name, _attributes, work) => work(noSpan),
  passed: () => undefined,
  here: () => undefined,
};

export function measuredRegion(set: ReplicaSet, region: Region): MeasuredRegion {
  return findReplica(set, region) === undefined ? 'other' : region;
}

const traceParent = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** @returns `undefined` for what is none, which is no error: it comes from outside. */
export function parseTraceParent(text: string | null | undefined): TraceParent | undefined {
  return typeof text === 'string' && traceParent.test(text) ? text : undefined;
}
