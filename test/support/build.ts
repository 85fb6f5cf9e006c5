/**
 * Values for tests, each from as little as its name needs. All are made by the product's own parsers, so that a test
 * cannot use a value that the product would refuse.
 */
import type { Fact } from '../../src/core/image/arrival.ts';
import type { Policy } from '../../src/core/image/context.ts';
import { decide } from '../../src/core/image/decide.ts';
import type { ForwardTarget } from '../../src/core/image/forward-entry.ts';
import type { ImageRecord } from '../../src/core/image/record.ts';
import type { Digest } from '../../src/core/model/digest.ts';
import { parseDigest } from '../../src/core/model/digest.ts';
import type { EventTime } from '../../src/core/model/event-time.ts';
import { parseEventTime } from '../../src/core/model/event-time.ts';
import type { Repository, Tag } from '../../src/core/model/reference.ts';
import { parseRepository, parseTag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import { parseRegion } from '../../src/core/model/region.ts';
import type { Registry } from '../../src/core/model/registry.ts';
import type { ReplicaSet } from '../../src/core/model/replica-set.ts';
import { replicaSetFromSettings } from '../../src/core/model/replica-set.ts';

function need<T>(value: T | undefined, what: string, text: string): T {
  if (value === undefined) throw new Error(`the test's own ${what} is not one: ${text}`);
  return value;
}

/** `sha256:` and the number in hex. */
export function digestOf(number: number): Digest {
  const text = `sha256:${number.toString(16).padStart(64, '0')}`;
  return need(parseDigest(text), 'digest', text);
}

export function regionOf(text: string): Region {
  return need(parseRegion(text), 'region', text);
}

export function regionsOf(...texts: string[]): Region[] {
  return texts.map(regionOf);
}

export function repositoryOf(text: string): Repository {
  return need(parseRepository(text), 'repository', text);
}

export function tagOf(text: string): Tag {
  return need(parseTag(text), 'tag', text);
}

export function eventTimeOf(text: string): EventTime {
  return need(parseEventTime(text), 'event time', text);
}

/** Milliseconds since 1970 of an ISO 8601 text. */
export function at(text: string): number {
  return Date.parse(text);
}

/** `contoso` in East US and West Europe, by default. */
export function registryOf(overrides: Partial<Registry> = {}): Registry {
  return {
    name: 'contoso',
    loginServer: 'contoso.azurecr.io',
    resourceId: undefined,
    regions: regionsOf('eastus', 'westeurope'),
    observedOnly: [],
    regionalEndpoints: false,
    verify: 'missing',
    ...overrides,
  };
}

/** The set of the registry's settings, read at the start of the test. */
export function replicaSetOf(registry: Registry = registryOf(), refreshedAt = at('2026-06-01T12:00:00Z')): ReplicaSet {
  return replicaSetFromSettings(registry, refreshedAt);
}

export interface FactInput {
  readonly tag?: string;
  readonly mediaType?: string;
  readonly evidence?: Fact['evidence'];
  /** The timestamp of the event; by default the time of receipt. */
  readonly eventTime?: string;
}

export function factOf(kind: Fact['kind'], region: string, receivedAt: string, input: FactInput = {}): Fact {
  return {
    kind,
    region: regionOf(region),
    eventTime: eventTimeOf(input.eventTime ?? receivedAt),
    receivedAt: at(receivedAt),
    evidence: input.evidence ?? 'webhook',
    tag: input.tag === undefined ? undefined : tagOf(input.tag),
    mediaType: input.mediaType,
  };
}

/** Gets every tag of every repository, once it is everywhere. */
export function targetOf(overrides: Partial<ForwardTarget> = {}): ForwardTarget {
  return {
    name: 'cluster',
    url: 'https://cluster.example/hook',
    registry: undefined,
    repositories: ['*'],
    tags: ['*'],
    regions: undefined,
    require: 'all',
    secret: undefined,
    headers: {},
    allowPrivate: false,
    ...overrides,
  };
}

export function pushOf(region: string, receivedAt: string, input?: FactInput): Fact {
  return factOf('push', region, receivedAt, input);
}

export function deleteOf(region: string, receivedAt: string, input?: FactInput): Fact {
  return factOf('delete', region, receivedAt, input);
}

export const policy: Policy = { delayedAfterMs: 900_000, probeAfterMs: undefined, outboxCheckMs: 30_000 };

/** What is known of one image of `team/app` after these facts, each decided when it was received. */
export function recordOf(digest: Digest, facts: readonly Fact[], set: ReplicaSet = replicaSetOf()): ImageRecord {
  const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest };
  const record = facts.reduce<ImageRecord | undefined>(
    (before, fact) => decide(before, name, { kind: 'fact', fact }, { set, policy, now: fact.receivedAt }).record,
    undefined,
  );
  return need(record, 'list of facts', `${facts.length} facts`);
}
