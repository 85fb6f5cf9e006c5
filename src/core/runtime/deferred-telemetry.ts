/**
 * Telemetry that comes later, if at all, and can do no harm: its libraries load beside the first requests, what is
 * measured meanwhile is kept for them, and whatever they throw ends here. Otherwise a fault in a library that nobody
 * needs for an answer could cost a webhook.
 */

import type { Span, SpanAttributes, Telemetry } from './telemetry.ts';
import { noSpan } from './telemetry.ts';
import type { TraceParent } from './trace-parent.ts';

/** Measurements kept until then; more than come in while a file is loaded. */
const maxKept = 2_000;

/** @param coming `undefined` when none is configured; a failure to load is for the caller to report */
export function deferredTelemetry(coming: Promise<Telemetry> | undefined): Telemetry {
  let telemetry: Telemetry | undefined;
  let kept: ((to: Telemetry) => void)[] | undefined = coming === undefined ? undefined : [];

  const pass = (note: (to: Telemetry) => void) => {
    const come = telemetry;
    if (come !== undefined) ignoreErrors(() => note(come));
    else if (kept !== undefined && kept.length < maxKept) kept.push(note);
  };

  coming?.then(
    (come) => {
      telemetry = come;
      for (const note of kept ?? []) ignoreErrors(() => note(come));
      kept = undefined;
    },
    () => {
      kept = undefined;
    },
  );

  return {
    measure: (instrument, value, attributes) => pass((to) => to.measure(instrument, value, attributes)),
    recordSpan: (...noted) => pass((to) => to.recordSpan(...noted)),
    activeSpan() {
      try {
        return telemetry?.activeSpan();
      } catch {
        // As with measurements: without a span, a trace has one link less.
        return undefined;
      }
    },
    async span<T>(name: string, attributes: SpanAttributes, work: (span: Span) => Promise<T>, parent?: TraceParent) {
      let running: Promise<T> | undefined;
      const once = (span: Span) => {
        running ??= work({ set: (more) => ignoreErrors(() => span.set(more)) });
        return running;
      };
      try {
        await telemetry?.span(name, attributes, once, parent);
      } catch {
        // What the work threw comes out below; what the telemetry threw is nobody's concern.
      }
      return running ?? work(noSpan);
    },
  };
}

function ignoreErrors(note: () => void): void {
  try {
    note();
  } catch {
    // A measurement is lost. To say so for each would be worse.
  }
}
