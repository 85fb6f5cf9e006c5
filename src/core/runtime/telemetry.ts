/**
 * The port for metrics and traces; without an adapter nothing is recorded. Metrics have the registry and the region as
 * attributes, never a repository, digest or tag: each new attribute value is another time series. Spans are stored one by one,
 * so they name the image.
 */

import type { TraceParent } from './trace-parent.ts';

export type Attributes = Readonly<Record<string, string>>;

/** One metric. Each room declares its own in `instruments.ts`. */
export interface Instrument<A extends Attributes = Attributes> {
  /** `counter`: only grows. `level`: goes up and down. `histogram`: a distribution. */
  readonly kind: 'counter' | 'level' | 'histogram';
  /** The exported name. */
  readonly name: string;
  /** UCUM, as OpenTelemetry has it. */
  readonly unit: string;
  readonly description: string;
  /** Upper bounds of a histogram's buckets, ascending. */
  readonly bounds?: readonly number[];
  /** Only for the type of its attributes; never set. */
  readonly attributes?: A;
}

export const instrumentPrefix = 'acr_replication';

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A piece of work under way. */
export interface Span {
  set(attributes: SpanAttributes): void;
}

/** No method fails or is waited for, so that a fault in telemetry does not affect the measured work. */
export interface Telemetry {
  /** Adds to a counter, changes a level by that value, or records one value of a histogram. */
  measure<A extends Attributes>(instrument: Instrument<A>, value: number, attributes: A): void;
  /**
   * Runs the work in a span of the present trace; an error of the work is recorded and thrown.
   * @param parent the parent span, if it is not the active one
   */
  span<T>(name: string, attributes: SpanAttributes, work: (span: Span) => Promise<T>, parent?: TraceParent): Promise<T>;
  /** Records a span that has ended. Times are milliseconds since 1970. */
  recordSpan(name: string, attributes: SpanAttributes, from: number, to: number, parent: TraceParent | undefined): void;
  /** The span that this is called in; `undefined` outside of spans. */
  activeSpan(): TraceParent | undefined;
}

export const noSpan: Span = { set: () => undefined };

export const noTelemetry: Telemetry = {
  measure: () => undefined,
  span: (_name, _attributes, work) => work(noSpan),
  recordSpan: () => undefined,
  activeSpan: () => undefined,
};
