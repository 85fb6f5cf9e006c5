/**
 * Settings in, checked Config out. Read once at start; every fault is reported at once, as `NAME: reason (got …)`, and
 * the app does not start half-configured. Secrets are never echoed.
 */
import type { ForwardTarget } from './core/forwarding/forward.ts';
import { isLoopback, isOrigin } from './core/origin.ts';
import type { Registry } from './core/registry.ts';
import type { CallbackConfig, GithubConfig } from './settings/callbacks.ts';
import { readCallbacks, readGithub } from './settings/callbacks.ts';
import { readForwards } from './settings/forwards.ts';
import { readRegistries } from './settings/registries.ts';
import type { StorageConfig } from './settings/storage.ts';
import { readStorage } from './settings/storage.ts';
import type { TelemetryConfig } from './settings/telemetry.ts';
import { readTelemetry } from './settings/telemetry.ts';
import type { Fault, Get } from './settings/values.ts';
import { readNumber, readOrigin, show } from './settings/values.ts';

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
  readonly forwards: readonly ForwardTarget[];
  readonly callbacks: CallbackConfig;
  /** `undefined`: no checks for GitHub. */
  readonly github: GithubConfig | undefined;
  /** `undefined`: nothing is measured. */
  readonly telemetry: TelemetryConfig | undefined;
}

/** Holds every fault, one per line. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The settings are not usable:\n${faults.join('\n')}`);
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
  const registries = readRegistries(get('REGISTRIES'), fault);
  const config: Config = {
    registries,
    webhookSecrets: readSecrets(get('WEBHOOK_SECRETS'), fault),
    storage: readStorage(get, fault),
    topic: readTopic(get, fault),
    delayedAfterSeconds: readNumber('DELAYED_AFTER_SECONDS', 900, secondsOfYear, get, fault),
    probeAfterSeconds: readNumber('PROBE_AFTER_SECONDS', 60, secondsOfYear, get, fault),
    retentionDays: readNumber('RETENTION_DAYS', 90, daysOfCentury, get, fault),
    webhookManagement: readManagement(get('WEBHOOK_MANAGEMENT'), fault),
    publicUrl: readPublicUrl(get, fault),
    armEndpoint: readOrigin('ARM_ENDPOINT', get, fault),
    forwards: readForwards(get('FORWARD_WEBHOOKS'), registries, fault),
    callbacks: readCallbacks(get, fault),
    github: readGithub(get, fault),
    telemetry: readTelemetry(get),
  };
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** Beyond these, the time that somebody must look again is no date any more. */
const secondsOfYear = 31_536_000;
const daysOfCentury = 36_500;

function readSecrets(text: string | undefined, fault: Fault): string[] {
  if (text === undefined) {
    fault('WEBHOOK_SECRETS', 'is required: one or two secrets, comma-separated (got nothing)');
    return [];
  }
  const secrets = text.split(',').map((secret) => secret.trim());
  if (secrets.length > 2) fault('WEBHOOK_SECRETS', `must be one or two secrets (got ${secrets.length})`);
  if (secrets.some((secret) => secret.length < 16)) {
    const lengths = secrets.map((secret) => secret.length).join(' and ');
    fault('WEBHOOK_SECRETS', `each must have at least 16 characters (got ${lengths})`);
  }
  if (secrets.some((secret) => /\s/.test(secret))) fault('WEBHOOK_SECRETS', 'must not hold white space (got some)');
  return secrets;
}

function readTopic(get: Get, fault: Fault): Config['topic'] {
  const endpoint = get('EVENT_GRID_TOPIC_ENDPOINT');
  const key = get('EVENT_GRID_TOPIC_KEY');
  if (endpoint === undefined) {
    fault('EVENT_GRID_TOPIC_ENDPOINT', 'is required: the endpoint of the topic, ending in /api/events (got nothing)');
  } else if (!URL.canParse(endpoint) || !isOrigin(new URL(endpoint).origin) || new URL(endpoint).username !== '') {
    fault('EVENT_GRID_TOPIC_ENDPOINT', `must be an https:// address (got ${show(endpoint)})`);
  } else if (new URL(endpoint).protocol === 'http:' && key === undefined) {
    const reason = 'is required with an http:// endpoint: an identity is never sent in the clear';
    fault('EVENT_GRID_TOPIC_KEY', `${reason} (got nothing)`);
  }
  return { endpoint: endpoint ?? '', key };
}

/** The platform tells its own host name, without a scheme. */
function readPublicUrl(get: Get, fault: Fault): string | undefined {
  const host = get('WEBSITE_HOSTNAME');
  const own =
    host === undefined ? undefined : new URL(`${isLoopback(host.replace(/:\d+$/, '')) ? 'http' : 'https'}://${host}`);
  return readOrigin('PUBLIC_URL', get, fault) ?? own?.origin;
}

function readManagement(text: string | undefined, fault: Fault): Config['webhookManagement'] {
  if (text === undefined || text === 'audit') return 'audit';
  if (text === 'off' || text === 'manage') return text;
  fault('WEBHOOK_MANAGEMENT', `must be "off", "audit" or "manage" (got ${show(text)})`);
  return 'audit';
}
