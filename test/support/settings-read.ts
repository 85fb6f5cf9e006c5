/** Which settings the app reads: found by running the code, not by its text. */
import { readFileSync } from 'node:fs';
import { readConfig } from '../../src/config.ts';

export const sample: { readonly IsEncrypted: boolean; readonly Values: Record<string, string> } = JSON.parse(
  readFileSync(new URL('../../local.settings.sample.json', import.meta.url), 'utf8'),
);

/** Belong to the platform, not to us. */
export const platform = [
  'FUNCTIONS_WORKER_RUNTIME',
  'WEBSITE_HOSTNAME',
  'WEBSITE_SITE_NAME',
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_SDK_DISABLED',
  'OTEL_SERVICE_NAME',
  'OTEL_TRACES_SAMPLER',
];

/** Other spellings of one setting, when storage is reached by identity; the Functions host defines them. */
export const byIdentity = /^AzureWebJobsStorage__/;

/** Every name that it reads, in every branch. */
export function namesRead(): string[] {
  const names = new Set<string>();
  for (const values of [{}, { ...sample.Values, EVENT_GRID_TOPIC_ENDPOINT: 'https://topic.example/api/events' }]) {
    const environment = new Proxy<Record<string, string>>(values, {
      get(target, name) {
        if (typeof name === 'string') names.add(name);
        return Reflect.get(target, name);
      },
    });
    try {
      readConfig(environment);
    } catch {
      // Faults do not matter here.
    }
  }
  return [...names];
}
