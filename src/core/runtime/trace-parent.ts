/** A place in a trace, in the form of W3C Trace Context: what carries a trace from one instance to the next. */

/** W3C Trace Context: version, trace, span and flags. Names a place in a trace, holds nothing else. */
export type TraceParent = string;

const traceParent = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** @returns `undefined` for what is none, which is no error: it comes from outside. */
export function parseTraceParent(text: string | null | undefined): TraceParent | undefined {
  return typeof text === 'string' && traceParent.test(text) ? text : undefined;
}
