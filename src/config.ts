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
  /** Where the registry reaches this app; `undefined` when nothing tells. */
  readonly publicUrl: string | undefined;
  /** ARM of another cloud than the public one. */
  readonly armEndpoint: string | undefined;
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
    delayedAfterSeconds: readNumber('DELAYED_AFTER_SECONDS', 900, secondsOfYear, get, fault),
    probeAfterSeconds: readNumber('PROBE_AFTER_SECONDS', 60, secondsOfYear, get, fault),
    retentionDays: readNumber('RETENTION_DAYS', 90, daysOfCentury, get, fault),
    webhookManagement: readManagement(get('WEBHOOK_MANAGEMENT'), fault),
    publicUrl: readPublicUrl(get, fault),
    armEndpoint: readOrigin('ARM_ENDPOINT', get, fault),
  };
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

type Get = (name: string) => string | undefined;
type Fault = (name: string, reason: string) => void;

/** Beyond these, the time that somebody must look again is no date any more. */
const secondsOfYear = 31_536_000;
const daysOfCentury = 36_500;

const region = z.string(regionRule).transform((text, context): Region => {
  const parsed = parseRegion(text);
  if (parsed === undefined) context.addIssue({ code: 'custom', message: regionRule });
  return parsed ?? z.NEVER;
});
const regions = z.array(region, 'must be a list of regions');

const originRule = 'must be an https:// origin without a path (http:// on loopback addresses only)';
const endpoints = z
  .union(
    [z.boolean(), z.record(z.string(), z.string(originRule).refine(isOrigin, originRule))],
    'must be true, false, or a map from region to origin',
  )
  .superRefine((value, context) => {
    const names = typeof value === 'boolean' ? [] : Object.keys(value);
    for (const got of names.filter((name) => parseRegion(name) === undefined)) {
      context.addIssue({ code: 'custom', message: regionRule, path: [got], params: { got } });
    }
  });

const nameRule = 'must be the registry name: letters and digits, up to 50';
const loginServerRule = 'must be a host name, without https://';
const resourceIdRule = 'must be /subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerRegistry/registries/…';
const resourceIdPattern =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ContainerRegistry\/registries\/[^/]+$/i;

const registryEntry = z.object(
  {
    name: z.string(nameRule).regex(/^[a-zA-Z0-9]{2,50}$/, nameRule),
    loginServer: z
      .string(loginServerRule)
      .regex(/^[a-zA-Z0-9][a-zA-Z0-9.-]*(:\d{1,5})?$/, loginServerRule)
      .optional(),
    resourceId: z.string(resourceIdRule).regex(resourceIdPattern, resourceIdRule).optional(),
    regions: regions.min(1, 'must name at least one region').optional(),
    observedOnly: regions.default([]),
    regionalEndpoints: endpoints.default(false),
    verify: z.enum(['missing', 'confirm', 'deep'], 'must be "missing", "confirm" or "deep"').default('missing'),
  },
  'must be an object with a "name"',
);

function readRegistries(text: string | undefined, fault: Fault): Registry[] {
  const example = 'a JSON array such as [{"name":"contoso","regions":["eastus","westeurope"]}]';
  if (text === undefined) {
    fault('REGISTRIES', `is required: ${example}`);
    return [];
  }
  const entries = parseJson(text);
  if (!Array.isArray(entries) || entries.length === 0) {
    fault('REGISTRIES', `must be ${example} (got ${show(text)})`);
    return [];
  }
  const result = z.array(registryEntry).safeParse(entries);
  for (const issue of result.success ? [] : result.error.issues) {
    const got = issue.code === 'custom' && issue.params !== undefined ? issue.params.got : valueAt(entries, issue.path);
    fault('REGISTRIES', `${issue.path.join('.')}: ${issue.message} (got ${show(got)})`);
  }
  entries.forEach((entry: unknown, i) => {
    if (typeof entry === 'object' && entry !== null) checkTogether({ ...entry }, String(i), fault);
  });
  if (!result.success) return [];
  const registries = result.data.map(toRegistry);
  for (const key of ['name', 'loginServer'] as const) {
    const values = registries.map((registry) => registry[key]);
    const repeated = values.find((value, i) => values.indexOf(value) !== i);
    if (repeated !== undefined) fault('REGISTRIES', `two entries have the ${key} ${quote(repeated)}`);
  }
  return registries;
}

/** What the fields of one entry mean together; looked at even when one of them is wrong in itself. */
function checkTogether(entry: { [field: string]: unknown }, place: string, fault: Fault): void {
  const { regions, resourceId, observedOnly, regionalEndpoints = false, verify } = entry;
  if (regions === undefined && resourceId === undefined) {
    fault('REGISTRIES', `${place}: needs "regions" or "resourceId" to know its replicas`);
  }
  if ((verify === 'confirm' || verify === 'deep') && regionalEndpoints === false) {
    const reason = 'needs "regionalEndpoints": without them no single replica can be asked';
    fault('REGISTRIES', `${place}.verify: ${reason} (got ${show(verify)})`);
  }
  if (!Array.isArray(regions) || !Array.isArray(observedOnly) || regions.length === 0) return;
  const observed = observedOnly.map(parseRegion);
  if (regions.every((one) => observed.includes(parseRegion(one)))) {
    fault('REGISTRIES', `${place}.observedOnly: leaves no region to wait for (got ${show(observedOnly)})`);
  }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

function toRegistry(entry: z.infer<typeof registryEntry>): Registry {
  const name = entry.name.toLowerCase();
  return {
    name,
    loginServer: (entry.loginServer ?? `${name}.azurecr.io`).toLowerCase(),
    resourceId: entry.resourceId,
    regions: entry.regions,
    observedOnly: entry.observedOnly,
    regionalEndpoints:
      typeof entry.regionalEndpoints === 'boolean' ? entry.regionalEndpoints : toOrigins(entry.regionalEndpoints),
    verify: entry.verify,
  };
}

function toOrigins(endpoints: Record<string, string>): ReadonlyMap<Region, string> {
  const origins = new Map<Region, string>();
  for (const [name, endpoint] of Object.entries(endpoints)) {
    const region = parseRegion(name);
    if (region !== undefined) origins.set(region, new URL(endpoint).origin);
  }
  return origins;
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const isBare = url.href === `${url.origin}/`;
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
  } else if (secrets.some((secret) => /\s/.test(secret))) {
    fault('WEBHOOK_SECRETS', 'must not hold white space (got some)');
  }
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
  if (account !== undefined && !/^[a-z0-9]{3,24}$/.test(account)) {
    fault('AzureWebJobsStorage__accountName', `must be 3 to 24 lower-case letters and digits (got ${show(account)})`);
  }
  const serviceUri = (service: 'table' | 'queue') => {
    const name = `AzureWebJobsStorage__${service}ServiceUri`;
    const uri = get(name);
    if (uri !== undefined && !isOrigin(uri)) fault(name, `${originRule} (got ${show(uri)})`);
    return uri ?? (account && `https://${account}.${service}.core.windows.net`);
  };
  const tableUri = serviceUri('table');
  const queueUri = serviceUri('queue');
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
  } else if (!URL.canParse(endpoint) || !isOrigin(new URL(endpoint).origin) || new URL(endpoint).username !== '') {
    fault('EVENT_GRID_TOPIC_ENDPOINT', `must be an https:// address (got ${show(endpoint)})`);
  } else if (new URL(endpoint).protocol === 'http:' && key === undefined) {
    fault('EVENT_GRID_TOPIC_KEY', 'is required with an http:// endpoint: an identity is never sent in the clear');
  }
  return { endpoint: endpoint ?? '', key };
}

function readNumber(name: string, fallback: number, most: number, get: Get, fault: Fault): number {
  const text = get(name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d{1,8}$/.test(text) && value >= 1 && value <= most) return value;
  fault(name, `must be a whole number from 1 to ${most} (got ${show(text)})`);
  return fallback;
}

/** The platform tells its own host name, without a scheme. */
function readPublicUrl(get: Get, fault: Fault): string | undefined {
  const host = get('WEBSITE_HOSTNAME');
  const own =
    host === undefined ? undefined : new URL(`${isLoopback(host.replace(/:\d+$/, '')) ? 'http' : 'https'}://${host}`);
  return readOrigin('PUBLIC_URL', get, fault) ?? own?.origin;
}

function readOrigin(name: string, get: Get, fault: Fault): string | undefined {
  const text = get(name);
  if (text !== undefined && !isOrigin(text))
    fault(name, `must be an https:// origin without a path (got ${quote(text)})`);
  return text;
}

function readManagement(text: string | undefined, fault: Fault): Config['webhookManagement'] {
  if (text === undefined || text === 'audit') return 'audit';
  if (text === 'off' || text === 'manage') return text;
  fault('WEBHOOK_MANAGEMENT', `must be "off", "audit" or "manage" (got ${show(text)})`);
  return 'audit';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What was found, for a message. An address may carry a password, or a key in its query: then it is not repeated. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (/[@?]/.test(text)) return 'something that may hold a secret, not shown';
  return typeof value === 'string' ? quote(value) : text.slice(0, 80);
}
