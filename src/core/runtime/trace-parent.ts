/** The W3C Trace Context header `traceparent`, which continues a trace on another instance. */

/** Version, trace id, parent span id and flags. */
export type TraceParent = string;

const traceParent = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** @returns `undefined` for an invalid text, which is no error: clients send it. */
export function parseTraceParent(text: string | null | undefined): TraceParent | undefined {
  return typeof text === 'string' && traceParent.test(text) ? text : undefined;
}
