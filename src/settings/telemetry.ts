/** Where telemetry goes: standard names, not ours. A fault in them never keeps the app from starting. */
import type { Get } from './values.ts';

export interface TelemetryConfig {
  /** Name of this app to whoever collects. */
  readonly service: string;
  readonly otlpEndpoint: string | undefined;
  readonly azureMonitor:
    | {
        readonly connectionString: string;
        /** `undefined` where the component takes telemetry from anybody who knows the connection string. */
        readonly identity: { readonly clientId: string | undefined } | undefined;
      }
    | undefined;
  /** Whether the environment says which spans are kept. */
  readonly hasOwnSampler: boolean;
}

/** @returns `undefined`: nothing is measured */
export function readTelemetry(get: Get): TelemetryConfig | undefined {
  const otlpEndpoint = get('OTEL_EXPORTER_OTLP_ENDPOINT');
  const connectionString = get('APPLICATIONINSIGHTS_CONNECTION_STRING');
  const authentication = get('APPLICATIONINSIGHTS_AUTHENTICATION_STRING');
  const service = get('OTEL_SERVICE_NAME') ?? get('WEBSITE_SITE_NAME') ?? 'acr-replication-tracker';
  const hasOwnSampler = get('OTEL_TRACES_SAMPLER') !== undefined;
  const isOff = get('OTEL_SDK_DISABLED')?.toLowerCase() === 'true';
  if (isOff || (otlpEndpoint === undefined && connectionString === undefined)) return undefined;
  return {
    service,
    otlpEndpoint,
    azureMonitor:
      connectionString === undefined ? undefined : { connectionString, identity: readIdentity(authentication) },
    hasOwnSampler,
  };
}

/** `Authorization=AAD;ClientId=…`, as the Functions host reads it; without a `ClientId`, the system's identity. */
function readIdentity(text: string | undefined): { clientId: string | undefined } | undefined {
  const fields = new Map(
    (text ?? '').split(';').map((field) => {
      const [name = '', ...value] = field.split('=');
      return [name.trim().toLowerCase(), value.join('=').trim()] as const;
    }),
  );
  if (fields.get('authorization')?.toUpperCase() !== 'AAD') return undefined;
  return { clientId: fields.get('clientid') || undefined };
}
