/**
 * Where telemetry goes, from standard variables, not from settings of our own. A fault in them never keeps the app from
 * starting.
 */
import type { Get } from './values.ts';

export interface TelemetryConfig {
  /** Service name of this app in the collected telemetry. */
  readonly service: string;
  readonly otlpEndpoint: string | undefined;
  readonly azureMonitor:
    | {
        readonly connectionString: string;
        /** `undefined` where the component accepts telemetry with the connection string alone. */
        readonly identity: { readonly clientId: string | undefined } | undefined;
      }
    | undefined;
  /** Whether the environment says which spans are kept. */
  readonly hasOwnSampler: boolean;
}

/** @returns `undefined` where no telemetry is configured: nothing is measured then */
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

/**
 * `Authorization=AAD;ClientId=…`, as the Functions host reads it; without a `ClientId`, the system-assigned identity.
 */
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
