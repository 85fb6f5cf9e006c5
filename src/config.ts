/**
 * Settings in, checked Config out. Read once at start; every fault is reported at once, as `NAME: reason (got …)`, and
 * the app does not start half-configured. Secrets are never echoed.
 */
import { z } from 'zod';
import { quote } from './core/parsed.ts';
import type { Region } from './core/region.ts';
import { parseRegion, regionRule } from './core/region.ts';
import type { Registry } from './core/registry.ts';

export interface Config {
  readonly registries: readonly Registry[];
  readonly webhookSecrets: readonly string[];
  readonly storage: StorageConfig;
  readonly topic: { readonly endpoint: string; readonly key: string | undefined };
  readonly delayedAfterSeconds: number;
  readonly probeAfterSeconds: number;
  readonly retentionDays: number;
  readonly webhookManagement: 'off' | 'audit' | 'manage';
}

export type StorageConfig =
  | { readonly kind: 'connectionString'; readonly connectionString: string }
  | {
      readonly kind: 'identity';
      readonly tableUri: string;
      readonly queueUri: string;
      readonly clientId: string | undefined;
    };

/** Holds every fault, one per line. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The settings are not usable:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ConfigError */
export function readConfig(environment: Environment = process.env): Config {
  const faults: string[] = [];
  const get = (name: string) => environment[name]?.trim() || undefined;
  const fault = (name: string, reason: string) => {
    faults.push(`${name}: ${reason}`);
  };
  const config: Config = {
    registries: readRegistries(get('REGISTRIES'), fault),
    webhookSecrets: readSecrets(get('WEBHOOK_SECRETS'), fault),
    storage: readStorage(get, fault),
    topic: readTopic(get, fault),
    delayedAfterSeconds: readNumber('DELAYED_AFTER_SECONDS', 900, get, fault),
    probeAfterSeconds: readNumber('PROBE_AFTER_SECONDS', 60, get, fault),
    retentionDays: readNumber('RETENTION_DAYS', 90, get, fault),
    webhookManagement: readManagement(get('WEBHOOK_MANAGEMENT'), fault),
  };
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

type Get = (name: string) => string | undefined;
type Fault = (name: string, reason: string) => void;

const region = z.string().transform((text, context): Region => {
  const parsed = parseRegion(text);
  if (parsed === undefined) context.addIssue({ code: 'custom', message: `${regionRule} (got ${quote(text)})` });
  return parsed ?? z.NEVER;
});

const origin = z
  .string()
  .refine(isOrigin, 'must be an https:// origin without a path (http:// on loopback addresses only)');

const registryEntry = z
  .object({
    name: z.string().regex(/^[a-zA-Z0-9]{2,50}$/, 'must be the registry name: letters and digits, up to 50'),
    loginServer: z
      .string()
      .regex(/^[a-zA-Z0-9][a-zA-Z0-9.-]*(:\d{1,5})?$/, 'must be a host name, without https://')
      .optional(),
    resourceId: z
      .string()
      .regex(
        /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ContainerRegistry\/registries\/[^/]+$/i,
        'must be /subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerRegistry/registries/…',
      )
      .optional(),
    regions: z.array(region).min(1, 'must name at least one region').optional(),
    observedOnly: z.array(region).default([]),
    regionalEndpoints: z.union([z.boolean(), z.record(z.string(), origin)]).default(false),
    verify: z.enum(['missing', 'confirm', 'deep']).default('missing'),
  })
  .refine((entry) => entry.regions !== undefined || entry.resourceId !== undefined, {
    message: 'needs "regions" or "resourceId" to know its replicas',
  })
  .refine((entry) => entry.verify === 'missing' || entry.regionalEndpoints !== false, {
    path: ['verify'],
    message: 'needs "regionalEndpoints": without them no single replica can be asked',
  })
  .refine((entry) => (entry.regions ?? []).some((one) => !entry.observedOnly.includes(one)) || !entry.regions, {
    path: ['observedOnly'],
    message: 'leaves no region to wait for',
  });

function readRegistries(text: string | undefined, fault: Fault): Registry[] {
  const example = 'a JSON array such as [{"name":"contoso","regions":["eastus","westeurope"]}]';
  if (text === undefined) {
    fault('REGISTRIES', `is required: ${example}`);
    return [];
  }
  const result = z.array(registryEntry).min(1, 'must name at least one registry').safeParse(parseJson(text));
  if (!result.success) {
    for (const issue of result.error.issues) {
      const place = issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
      fault('REGISTRIES', issue.path.length === 0 ? `must be ${example} (got ${quote(text)})` : place + issue.message);
    }
    return [];
  }
  const registries = result.data.map(toRegistry);
  for (const key of ['name', 'loginServer'] as const) {
    const values = registries.map((registry) => registry[key]);
    const repeated = values.find((value, i) => values.indexOf(value) !== i);
    if (repeated !== undefined) fault('REGISTRIES', `two entries have the ${key} ${quote(repeated)}`);
  }
  return registries;
}

function toRegistry(entry: z.infer<typeof registryEntry>): Registry {
  const name = entry.name.toLowerCase();
  const endpoints = entry.regionalEndpoints;
  return {
    name,
    loginServer: (entry.loginServer ?? `${name}.azurecr.io`).toLowerCase(),
    resourceId: entry.resourceId,
    regions: entry.regions,
    observedOnly: entry.observedOnly,
    regionalEndpoints:
      typeof endpoints === 'boolean'
        ? endpoints
        : new Map(
            Object.entries(endpoints).map(([key, value]) => [
              parseRegion(key) ?? (key as Region),
              new URL(value).origin,
            ]),
          ),
    verify: entry.verify,
  };
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const isBare = (url.pathname === '/' || url.pathname === '') && url.search === '' && url.username === '';
  return isBare && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)));
}

/** Plain http is for this machine only: anywhere else credentials would travel in the clear. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function readSecrets(text: string | undefined, fault: Fault): string[] {
  const secrets = (text ?? '').split(',').map((secret) => secret.trim());
  if (text === undefined) fault('WEBHOOK_SECRETS', 'is required: one or two secrets, comma-separated');
  else if (secrets.length > 2) fault('WEBHOOK_SECRETS', `must be one or two secrets (got ${secrets.length})`);
  else if (secrets.some((secret) => secret.length < 16)) {
    fault(
      'WEBHOOK_SECRETS',
      `each must have at least 16 characters (got ${secrets.map((one) => one.length).join(' and ')})`,
    );
  } else if (secrets.some((secret) => /\s/.test(secret))) fault('WEBHOOK_SECRETS', 'must not hold white space');
  return secrets;
}

function readStorage(get: Get, fault: Fault): StorageConfig {
  const connectionString = get('AzureWebJobsStorage');
  if (connectionString !== undefined) {
    const isUsable = /(^|;)(AccountName|UseDevelopmentStorage|TableEndpoint)=/i.test(connectionString);
    if (!isUsable) fault('AzureWebJobsStorage', 'must be a storage connection string (got something else, not shown)');
    return { kind: 'connectionString', connectionString };
  }
  const account = get('AzureWebJobsStorage__accountName');
  const tableUri =
    get('AzureWebJobsStorage__tableServiceUri') ?? (account && `https://${account}.table.core.windows.net`);
  const queueUri =
    get('AzureWebJobsStorage__queueServiceUri') ?? (account && `https://${account}.queue.core.windows.net`);
  if (tableUri === undefined || queueUri === undefined) {
    fault(
      'AzureWebJobsStorage',
      'is required: a connection string, or AzureWebJobsStorage__accountName with an identity',
    );
  }
  return {
    kind: 'identity',
    tableUri: tableUri ?? '',
    queueUri: queueUri ?? '',
    clientId: get('AzureWebJobsStorage__clientId'),
  };
}

function readTopic(get: Get, fault: Fault): Config['topic'] {
  const endpoint = get('EVENT_GRID_TOPIC_ENDPOINT');
  const key = get('EVENT_GRID_TOPIC_KEY');
  if (endpoint === undefined) {
    fault('EVENT_GRID_TOPIC_ENDPOINT', 'is required: the endpoint of the topic, ending in /api/events');
  } else if (!URL.canParse(endpoint) || !isOrigin(new URL(endpoint).origin)) {
    fault('EVENT_GRID_TOPIC_ENDPOINT', `must be an https:// address (got ${quote(endpoint)})`);
  } else if (new URL(endpoint).protocol === 'http:' && key === undefined) {
    fault('EVENT_GRID_TOPIC_KEY', 'is required with an http:// endpoint: an identity is never sent in the clear');
  }
  return { endpoint: endpoint ?? '', key };
}

function readNumber(name: string, fallback: number, get: Get, fault: Fault): number {
  const text = get(name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d{1,8}$/.test(text) && value >= 1) return value;
  fault(name, `must be a whole number from 1 (got ${quote(text)})`);
  return fallback;
}

function readManagement(text: string | undefined, fault: Fault): Config['webhookManagement'] {
  if (text === undefined || text === 'audit') return 'audit';
  if (text === 'off' || text === 'manage') return text;
  fault('WEBHOOK_MANAGEMENT', `must be "off", "audit" or "manage" (got ${quote(text)})`);
  return 'audit';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
