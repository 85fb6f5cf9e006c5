/** Telemetry in memory, for tests: every measured value, and the tree of spans. */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Attributes, Span, SpanAttributes, Telemetry } from '../core/ports.ts';
import { instrumentPrefix } from '../core/ports.ts';
import type { TraceParent } from '../core/runtime/trace-parent.ts';

export interface Measured {
  /** The instrument's name without the common prefix: `deliveries`. */
  readonly name: string;
  readonly value: number;
  readonly attributes: Attributes;
}

interface KeptSpan {
  readonly name: string;
  readonly attributes: SpanAttributes;
  readonly self: TraceParent;
  readonly parent: TraceParent | undefined;
  readonly hasFailed: boolean;
  /** For spans that were recorded after they had ended: milliseconds. */
  readonly tookMs: number | undefined;
}

interface MemoryTelemetry extends Telemetry {
  readonly measured: Measured[];
  /** In the order in which they ended. */
  readonly spans: KeptSpan[];
  /** How often each set of attributes was counted, the attributes as JSON: `{"registry":"contoso",…}`. */
  counts(name: string): Record<string, number>;
  /** Every value of one instrument. */
  values(name: string): number[];
}

export function memoryTelemetry(): MemoryTelemetry {
  const measured: Measured[] = [];
  const spans: KeptSpan[] = [];
  const present = new AsyncLocalStorage<TraceParent>();
  let made = 0;
  const hex = (length: number) => (++made).toString(16).padStart(length, '0');
  const place = (parent: TraceParent | undefined) => `00-${parent?.split('-')[1] ?? hex(32)}-${hex(16)}-01`;

  return {
    measured,
    spans,
    measure({ name }, value, attributes) {
      measured.push({ name: name.slice(instrumentPrefix.length + 1), value, attributes });
    },
    async span<T>(name: string, given: SpanAttributes, work: (span: Span) => Promise<T>, asked?: TraceParent) {
      const parent = asked ?? present.getStore();
      const self = place(parent);
      let attributes = given;
      const set = (more: SpanAttributes) => {
        attributes = { ...attributes, ...more };
      };
      const end = (hasFailed: boolean) => {
        spans.push({ name, attributes, self, parent, hasFailed, tookMs: undefined });
      };
      try {
        const result = await present.run(self, () => work({ set }));
        end(false);
        return result;
      } catch (error) {
        end(true);
        throw error;
      }
    },
    recordSpan(name, attributes, from, to, parent) {
      spans.push({ name, attributes, self: place(parent), parent, hasFailed: false, tookMs: to - from });
    },
    activeSpan: () => present.getStore(),
    counts(name) {
      const counts: Record<string, number> = {};
      for (const one of measured.filter((candidate) => candidate.name === name)) {
        const key = JSON.stringify(one.attributes);
        counts[key] = (counts[key] ?? 0) + one.value;
      }
      return counts;
    },
    values: (name) => measured.filter((one) => one.name === name).map(({ value }) => value),
  };
}
