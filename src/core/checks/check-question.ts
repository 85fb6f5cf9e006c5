/**
 * Turns what a check asks, in its sender's words, into a question and a requirement. Done when it comes and again each
 * time it is judged: the replicas, and even the settings, may be others by then.
 */
import type { Question } from '../availability.ts';
import type { FieldProblem } from '../parsed.ts';
import { quote } from '../parsed.ts';
import { parseReference } from '../reference.ts';
import type { Registry } from '../registry.ts';
import { findRegistryByHost } from '../registry.ts';
import type { ReplicaSet } from '../replica-set.ts';
import type { Requirement } from '../requirement.ts';
import { parseRequirement } from '../requirement.ts';
import type { AskedText } from './check.ts';

export type Asked =
  | { readonly kind: 'asked'; readonly question: Question; readonly requirement: Requirement }
  /** The replicas are not known yet, so nothing can be said about what is required. */
  | { readonly kind: 'tooEarly'; readonly reason: string }
  | { readonly kind: 'unknownRegistry'; readonly reason: string }
  | { readonly kind: 'wrong'; readonly problems: readonly FieldProblem[] };

export function readAsked(
  asked: AskedText,
  registries: readonly Registry[],
  replicaSet: (registry: Registry) => ReplicaSet,
): Asked {
  const reference = parseReference(asked.image);
  if (!reference.ok) return { kind: 'wrong', problems: reference.problems };
  const { registry: host, repository, tag, digest } = reference.value;
  const registry = findRegistryByHost(registries, host);
  if (registry === undefined) {
    const tracked = registries.map(({ loginServer }) => loginServer).join(', ');
    return { kind: 'unknownRegistry', reason: `Registry ${quote(host)} is not tracked here; tracked: ${tracked}.` };
  }
  const set = replicaSet(registry);
  if (set.replicas.length === 0) {
    return { kind: 'tooEarly', reason: `The replicas of ${registry.loginServer} are not known yet.` };
  }
  const requirement = parseRequirement(asked, set);
  if (!requirement.ok) return { kind: 'wrong', problems: requirement.problems };
  return { kind: 'asked', question: { registry, repository, tag, digest }, requirement: requirement.value };
}

/** Which registry is meant, where that can be told. */
export function registryOfAsked({ image }: AskedText, registries: readonly Registry[]): Registry | undefined {
  const reference = parseReference(image);
  return reference.ok ? findRegistryByHost(registries, reference.value.registry) : undefined;
}

/** What is wrong, in one line; `undefined` when nothing is. */
export function describeAsked(asked: Asked): string | undefined {
  if (asked.kind === 'asked') return undefined;
  if (asked.kind !== 'wrong') return asked.reason;
  return asked.problems.map(({ field, reason }) => `${field}: ${reason}`).join('; ');
}
