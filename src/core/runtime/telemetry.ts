/**
 * Counting, measuring and tracing, as a role: an adapter gives it its technology, and without one nothing is kept. A
 * measurement says which registry and which region, never which repository, digest or tag: every new value of an
 * attribute is a series of its own to whoever stores it. Spans are stored one by one, so they name the image.
 */

import type { TraceParent } from './trace-parent.ts';

export type Attributes = Readonly<Record<string, string>>;

/** One thing that is measured. Each room has its own, in a file of its own. */
export interface Instrument<A extends Attributes = Attributes> {
  /** `counter`: only grows. `level`: goes up and down. `histogram`: a distribution. */
  readonly kind: 'counter' | 'level' | 'histogram';
  /** As others see it. */
  readonly name: string;
  /** UCUM, as OpenTelemetry has it. */
  readonly unit: string;
  readonly description: string;
  /** Upper bounds of a histogram's buckets, ascending. */
  readonly bounds?: readonly number[];
  /** Its attributes: a type, never a value. */
  readonly attributes?: A;
}

export const instrumentPrefix = 'acr_replication';

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A piece of work under way. */
export interface Span {
  set(attributes: SpanAttributes): void;
}

/** Nothing here ever fails, and nothing here is waited for: what is measured goes on whatever becomes of the measuring. */
export interface Telemetry {
  /** Adds to a counter, changes a level by that much, or notes one value of a distribution. */
  measure<A extends Attributes>(instrument: Instrument<A>, value: number, attributes: A): void;
  /**
   * Does the work as one span of the present trace; a failure of the work is noted and passed on.
   * @param parent what it belongs to, where that is not what it is called from
   */
  span<T>(name: string, attributes: SpanAttributes, work: (span: Span) => Promise<T>, parent?: TraceParent): Promise<T>;
  /** Notes a span that is over. Times are milliseconds since 1970. */
  recordSpan(name: string, attributes: SpanAttributes, from: number, to: number, parent: TraceParent | undefined): void;
  /** The span whose work calls this; `undefined` outside of all. */
  activeSpan(): TraceParent | undefined;
}

export const noSpan: Span = { set: () => undefined };

export const noTelemetry: Telemetry = {
  measure: () => undefined,
  span: (_name, _attributes, work) => work(noSpan),
  recordSpan: () => undefined,
  activeSpan: () => undefined,
};
