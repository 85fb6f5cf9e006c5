/**
 * Telemetry that comes later, if at all, and can do no harm: its libraries load beside the first requests, what is
 * measured meanwhile is kept for them, and whatever they throw ends here. Otherwise a fault in a library that nobody
 * needs for an answer could cost a webhook.
 */
import type { Span, SpanAttributes, Telemetry, TraceParent } from './telemetry.ts';
import { noSpan } from './telemetry.ts';

/** Measurements kept until then; more than come in while a file is loaded. */
const mostKept = 2_000;

/** @param coming `undefined` when none is configured; a failure to load is for the caller to tell of */
export function lateTelemetry(coming: Promise<Telemetry> | undefined): Telemetry {
  let telemetry: Telemetry | undefined;
  let kept: ((to: Telemetry) => void)[] | undefined = coming === undefined ? undefined : [];

  const pass = (note: (to: Telemetry) => void) => {
    const come = telemetry;
    if (come !== undefined) harmless(() => note(come));
    else if (kept !== undefined && kept.length < mostKept) kept.push(note);
  };

  coming?.then(
    (come) => {
      telemetry = come;
      for (const note of kept ?? []) harmless(() => note(come));
      kept = undefined;
    },
    () => {
      kept = undefined;
    },
  );

  return {
    measure: (role, value, attributes) => pass((to) => to.measure(role, value, attributes)),
    passed: (...noted) => pass((to) => to.passed(...noted)),
    here() {
      try {
        return telemetry?.here();
      } catch {
        return undefined;
      }
    },
    async span<T>(name: string, attributes: SpanAttributes, work: (span: Span) => Promise<T>, parent?: TraceParent) {
      let running: Promise<T> | undefined;
      const once = (span: Span) => {
        running ??= work({ set: (more) => harmless(() => span.set(more)) });
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

function harmless(note: () => void): void {
  try {
    note();
  } catch {
    // A measurement is lost. To say so for each would be worse.
  }
}
