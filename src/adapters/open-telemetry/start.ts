/**
 * Chooses the exporters of telemetry and loads them. Import this file only dynamically: its libraries are a sixth of
 * the bundle, and must not run where no telemetry is configured.
 */
import type { AzureMonitorExporterOptions } from '@azure/monitor-opentelemetry-exporter';
import { AzureMonitorMetricExporter, AzureMonitorTraceExporter } from '@azure/monitor-opentelemetry-exporter';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { AlwaysOnSampler } from '@opentelemetry/sdk-trace-base';
import type { Log } from '../../core/ports.ts';
import type { Exporters, OpenTelemetry } from './open-telemetry.ts';
import { openTelemetry } from './open-telemetry.ts';
import { watchExporter } from './watch-exporter.ts';

interface TelemetryOptions {
  readonly service: string;
  /** Where an OTLP receiver listens for HTTP; its headers and time limits are read by its own library. */
  readonly otlpEndpoint: string | undefined;
  readonly azureMonitor: AzureMonitorExporterOptions | undefined;
  /** Whether the environment says which spans are kept. */
  readonly hasOwnSampler: boolean;
  readonly log: Log;
  readonly exportEveryMs?: number;
}

export function startTelemetry(options: TelemetryOptions): OpenTelemetry {
  const { service, otlpEndpoint, azureMonitor, hasOwnSampler, log, exportEveryMs = 60_000 } = options;
  const exporters = [
    ...(otlpEndpoint === undefined ? [] : [otlpExporters(otlpEndpoint)]),
    ...(azureMonitor === undefined ? [] : [azureMonitorExporters(azureMonitor)]),
  ];
  for (const { metrics, spans } of exporters) {
    watchExporter(metrics, 'metrics', log);
    watchExporter(spans, 'traces', log);
  }
  // The Functions host marks every request "not sampled" while it traces nothing itself; that is not the operator's
  // choice.
  const sampler = hasOwnSampler ? undefined : new AlwaysOnSampler();
  return openTelemetry({ exporters, service, sampler, exportEveryMs });
}

function otlpExporters(endpoint: string): Exporters {
  const at = (path: string) => new URL(path, endpoint.endsWith('/') ? endpoint : `${endpoint}/`).href;
  return {
    metrics: new OTLPMetricExporter({ url: at('v1/metrics') }),
    spans: new OTLPTraceExporter({ url: at('v1/traces') }),
  };
}

/** What cannot be sent now is dropped: an instance's disk may be gone before the collector is back. */
function azureMonitorExporters(given: AzureMonitorExporterOptions): Exporters {
  const options = { ...given, disableOfflineStorage: true };
  return { metrics: new AzureMonitorMetricExporter(options), spans: new AzureMonitorTraceExporter(options) };
}
