/**
 * Telemetry by OpenTelemetry's own library, with the given exporters. Nothing is registered globally: only the app's
 * own spans are recorded, and no library is patched.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { Attributes, Context, SpanContext, SpanOptions, Span as TracedSpan } from '@opentelemetry/api';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { Sampler, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Instrument, Span, SpanAttributes, Telemetry } from '../../core/ports.ts';
import { UpstreamError } from '../../core/runtime/errors.ts';
import type { TraceParent } from '../../core/runtime/trace-parent.ts';
import { parseTraceParent } from '../../core/runtime/trace-parent.ts';

export interface Exporters {
  readonly metrics: PushMetricExporter;
  readonly spans: SpanExporter;
}

interface OpenTelemetryOptions {
  readonly exporters: readonly Exporters[];
  /** Service name, the same on every instance. */
  readonly service: string;
  /** Which spans are kept; `undefined`: as the standard environment variables say. */
  readonly sampler: Sampler | undefined;
  /** Between two exports of the metrics. */
  readonly exportEveryMs: number;
}

export interface OpenTelemetry extends Telemetry {
  /** Exports what is left. Never fails; takes its full time limit where the collector does not answer. */
  close(): Promise<void>;
}

const library = 'acr-replication-tracker';

export function openTelemetry({ exporters, service, sampler, exportEveryMs }: OpenTelemetryOptions): OpenTelemetry {
  const resource = resourceFromAttributes({ 'service.name': service, 'service.instance.id': randomUUID() });
  const meters = new MeterProvider({
    resource,
    readers: exporters.map(
      ({ metrics }) => new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: exportEveryMs }),
    ),
  });
  const tracers = new BasicTracerProvider({
    resource,
    spanProcessors: exporters.map(({ spans }) => new BatchSpanProcessor(spans)),
    ...(sampler === undefined ? {} : { sampler }),
  });
  const tracer = tracers.getTracer(library);
  const meter = meters.getMeter(library);
  const present = new AsyncLocalStorage<SpanContext>();

  const recorders = new Map<string, (value: number, attributes: Attributes) => void>();

  function recorderOf(instrument: Instrument) {
    const recorder = recorders.get(instrument.name) ?? newRecorder(instrument);
    recorders.set(instrument.name, recorder);
    return recorder;
  }

  function newRecorder({ kind, name, unit, description, bounds }: Instrument) {
    const options = { unit, description };
    if (kind === 'histogram') {
      const advice = bounds === undefined ? {} : { explicitBucketBoundaries: [...bounds] };
      const histogram = meter.createHistogram(name, { ...options, advice });
      return (value: number, attributes: Attributes) => histogram.record(value, attributes);
    }
    const counter = kind === 'level' ? meter.createUpDownCounter(name, options) : meter.createCounter(name, options);
    return (value: number, attributes: Attributes) => counter.add(value, attributes);
  }

  function start(name: string, options: SpanOptions, parent: TraceParent | undefined): TracedSpan {
    return tracer.startSpan(name, options, contextOf(parent === undefined ? present.getStore() : toContext(parent)));
  }

  return {
    measure: (instrument, value, attributes) => recorderOf(instrument)(value, { ...attributes }),
    async span<T>(name: string, attributes: SpanAttributes, work: (span: Span) => Promise<T>, parent?: TraceParent) {
      const span = start(name, { attributes: { ...attributes } }, parent);
      try {
        return await present.run(span.spanContext(), () =>
          work({ set: (more) => void span.setAttributes({ ...more }) }),
        );
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: faultOf(error) });
        throw error;
      } finally {
        span.end();
      }
    },
    recordSpan(name, attributes, from, to, parent) {
      const options = {
        attributes: { ...attributes },
        startTime: from,
        kind: SpanKind.PRODUCER,
        root: parent === undefined,
      };
      start(name, options, parent).end(Math.max(from, to));
    },
    activeSpan() {
      const context = present.getStore();
      return context === undefined ? undefined : toTraceParent(context);
    },
    async close() {
      await Promise.allSettled([meters.shutdown(), tracers.shutdown()]);
    },
  };
}

/** The error's name: the message of another library's error may hold an address. */
function faultOf(error: unknown): string {
  if (error instanceof UpstreamError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

function contextOf(parent: SpanContext | undefined): Context {
  return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

function toContext(parent: TraceParent): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = parseTraceParent(parent)?.split('-') ?? [];
  return traceId === '' ? undefined : { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

function toTraceParent({ traceId, spanId, traceFlags }: SpanContext): TraceParent {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
