/**
 * Which regions must have an image, and how many of them: all, any, or a number. A cluster in one region seldom needs every
 * replica, so each question has its own requirement.
 */
import type { Parsed } from '../runtime/parsed.ts';
import { parsed, problem, quote } from '../runtime/parsed.ts';
import { splitList, unreadOf } from '../runtime/text-list.ts';
import type { Region } from './region.ts';
import { parseRegion, sortRegions } from './region.ts';
import type { ReplicaSet } from './replica-set.ts';
import { expectedRegions } from './replica-set.ts';

export interface Requirement {
  /** Alphabetical. */
  readonly regions: readonly Region[];
  readonly require: 'all' | 'any' | number;
  /** How many of `regions` must have it, at least 1. */
  readonly needed: number;
  /** Whether no regions were named: every expected region is meant, even if the set changes during a wait. */
  readonly isForEveryExpected?: boolean;
}

/** Empty texts count as absent: an unset variable of a pipeline arrives as an empty text. */
export interface RequirementInput {
  /** Separated by commas or line breaks; `undefined`: every expected region. */
  readonly regions: string | undefined;
  /** `all` (default), `any` or a number. */
  readonly require: string | undefined;
}

/** The requirement without any input: all expected regions. While none is known, it cannot be met. */
export function defaultRequirement(set: ReplicaSet): Requirement {
  const regions = expectedRegions(set);
  return { regions, require: 'all', needed: neededOf('all', regions) };
}

/** How many of these regions must have it; 1 if there are none, so that the requirement is not met. */
export function neededOf(require: Requirement['require'], regions: readonly Region[]): number {
  if (require === 'all') return Math.max(1, regions.length);
  return require === 'any' ? 1 : require;
}

export function parseRequirement(input: RequirementInput, set: ReplicaSet): Parsed<Requirement> {
  const known = set.replicas.map((replica) => replica.region);
  const list = given(input.regions);
  const named = list === undefined ? undefined : splitList(list);
  const read = (name: string) => known.find((region) => region === parseRegion(name));
  const unread = unreadOf(list, named ?? [], (name) => read(name) !== undefined);
  if (unread !== undefined) return problem('regions', describeUnknown(unread, known));
  const regions = (named ?? []).flatMap((name) => read(name) ?? []);
  const wanted = named === undefined ? expectedRegions(set) : sortRegions(regions);
  const require = parseRequire(given(input.require) ?? 'all');
  if (require === undefined) {
    return problem('require', `must be "all", "any" or a number from 1 (got ${quote(input.require ?? '')})`);
  }
  const needed = require === 'all' ? wanted.length : neededOf(require, wanted);
  if (needed > wanted.length || needed < 1) {
    return problem(
      'require',
      `${needed} of ${wanted.length} regions can never be met (${wanted.join(', ') || 'none'}); ${describeKnown(known)}`,
    );
  }
  return parsed({ regions: wanted, require, needed, isForEveryExpected: named === undefined });
}

/** @param known regions of the registry, alphabetical */
export function describeUnknown(region: string, known: readonly Region[]): string {
  return `${quote(region)} is not a region of this registry; ${describeKnown(known)}`;
}

function describeKnown(known: readonly Region[]): string {
  return `known regions: ${known.join(', ') || 'none yet'}`;
}

/** The requirement adapted to the current set, so that a removed replica is not waited for. Named regions stay. */
export function withSet(requirement: Requirement, set: ReplicaSet): Requirement {
  if (requirement.isForEveryExpected !== true) return requirement;
  const regions = expectedRegions(set);
  if (regions.length === 0) return requirement;
  const needed = Math.min(neededOf(requirement.require, regions), regions.length);
  return { ...requirement, regions, needed };
}

function given(text: string | undefined): string | undefined {
  return text?.trim() || undefined;
}

export function parseRequire(text: string): Requirement['require'] | undefined {
  if (text === 'all' || text === 'any') return text;
  return /^[1-9]\d{0,2}$/.test(text) ? Number(text) : undefined;
}
