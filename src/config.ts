/**
 * Parses the settings into a checked Config, once at start. All faults are reported together, as `NAME: reason (got
 * …)`, and the app does not start with a faulty setting. Secrets are never shown.
 */
import type { ForwardTarget } from './core/image/forward-entry.ts';
import type { Registry } from './core/model/registry.ts';
import { isLoopback, isOrigin } from './core/runtime/url-origin.ts';
import type { CallbackConfig, GithubConfig } from './settings/callbacks.ts';
import { readCallbacks, readGithub } from './settings/callbacks.ts';
import { readForwards } from './settings/forwards.ts';
import { nearMisses } from './settings/names.ts';
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
  /** The URL under which the registry reaches this app; `undefined` when no setting says. */
  readonly publicUrl: string | undefined;
  /** ARM endpoint of a sovereign cloud. */
  readonly armEndpoint: string | undefined;
  readonly forwards: readonly ForwardTarget[];
  readonly callbacks: CallbackConfig;
  /** `undefined`: no checks for GitHub. */
  readonly github: GithubConfig | undefined;
  /** `undefined`: nothing is measured. */
  readonly telemetry: TelemetryConfig | undefined;
  /** Likely mistakes that do not stop the app; a line each. */
  readonly warnings: readonly string[];
}

/** Holds every fault, one per line. */
export class ConfigError extends Error {
  readonly faults: readonly string[];
  readonly warnings: readonly string[];

  /** @param warnings they may explain why a required setting was not found */
  constructor(faults: readonly string[], warnings: readonly string[] = []) {
    super(`The settings are not usable:\n${[...faults, ...warnings].join('\n')}`);
    this.name = 'ConfigError';
    this.faults = faults;
    this.warnings = warnings;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ConfigError */
export function readConfig(environment: Environment = process.env): Config {
  const faults: string[] = [];
  const fault = (name: string, reason: string) => {
    faults.push(`${name}: ${reason}`);
  };
  const warnings = nearMisses(environment);
  const warn = (name: string, reason: string) => {
    warnings.push(`${name}: ${reason}`);
  };
  const get = (name: string) => {
    const text = environment[name]?.trim() || undefined;
    // An unresolved Key Vault reference. Used as the secret itself, it would be known to everyone who may read the
    // settings.
    if (text?.startsWith('@Microsoft.KeyVault(')) {
      fault(name, 'is a reference to a vault that the platform could not resolve (got the reference)');
    }
    return text;
  };
  const registries = readRegistries(get('REGISTRIES'), fault, warn);
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
    warnings,
  };
  if (faults.length > 0) throw new ConfigError(faults, warnings);
  return config;
}

/** On a developer's machine, by the variables that Core Tools and the local host set. */
export function isDevelopment(environment: Environment = process.env): boolean {
  return environment.AZURE_FUNCTIONS_ENVIRONMENT === 'Development';
}

/** Above these limits, a computed due time would no longer be a valid date. */
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

/** The platform provides its host name without a scheme. */
function readPublicUrl(get: Get, fault: Fault): string | undefined {
  const host = get('WEBSITE_HOSTNAME');
  const own = host === undefined ? undefined : `${isLoopback(host.replace(/:\d+$/, '')) ? 'http' : 'https'}://${host}`;
  const isUsable = own === undefined || isOrigin(own);
  if (!isUsable) fault('WEBSITE_HOSTNAME', `must be a host name (got ${show(host)})`);
  return readOrigin('PUBLIC_URL', get, fault) ?? (own === undefined || !isUsable ? undefined : new URL(own).origin);
}

function readManagement(text: string | undefined, fault: Fault): Config['webhookManagement'] {
  if (text === undefined || text === 'audit') return 'audit';
  if (text === 'off' || text === 'manage') return text;
  fault('WEBHOOK_MANAGEMENT', `must be "off", "audit" or "manage" (got ${show(text)})`);
  return 'audit';
}
