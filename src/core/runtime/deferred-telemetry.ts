/**
 * Telemetry whose libraries load in the background during the first requests. Measurements are kept until then, and all errors
 * of the libraries are ignored: a fault in a library that no answer needs must not lose a webhook.
 */

import type { Span, SpanAttributes, Telemetry } from './telemetry.ts';
import { noSpan } from './telemetry.ts';
import type { TraceParent } from './trace-parent.ts';

/** Measurements kept until then; more than come while the libraries load. */
const maxKept = 2_000;

/** @param coming `undefined` when none is configured; the caller reports a failure to load */
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
        // Ignored: the trace lacks a link.
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
        // An error of the work is thrown below; an error of the telemetry is ignored.
      }
      return running ?? work(noSpan);
    },
  };
}

function ignoreErrors(note: () => void): void {
  try {
    note();
  } catch {
    // A measurement is lost. A log line for each would be worse.
  }
}
