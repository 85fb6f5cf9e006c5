/**
 * Finds the function for a request. The host keeps one list, sorted by function name, and uses the first route that
 * matches: a parameter of one function can hide the literal route of another. The same order is kept here, and hidden
 * routes are reported at start.
 */
import type { RegisteredFunction } from './core-types.ts';
import { findTrigger, sortFunctions } from './functions.ts';
import { canOverlap, matchPath, type Params, parseTemplate, type Segment } from './route-template.ts';

export interface Route {
  readonly target: RegisteredFunction;
  readonly methods: readonly string[];
  /** With the prefix, without slashes around. */
  readonly template: string;
  readonly segments: readonly Segment[];
  readonly authLevel: 'anonymous' | 'function' | 'admin';
}

export interface Match {
  readonly route: Route;
  readonly params: Params;
}

export interface Routes {
  readonly all: readonly Route[];
  /** One line for each pair of functions where one can hide the other. */
  readonly warnings: readonly string[];
  find(method: string, path: string): Match | undefined;
}

/** Paths that belong to the host itself. */
const RESERVED = ['admin', 'runtime'];

/** @throws Error for a template the host refuses, and for two functions with the same route and method */
export function createRoutes(functions: Iterable<RegisteredFunction>, prefix: string): Routes {
  const all = sortFunctions(functions).map((target) => readRoute(target, prefix));
  const warnings: string[] = [];
  for (const [index, later] of all.entries()) {
    for (const earlier of all.slice(0, index)) {
      const shared = later.methods.filter((method) => earlier.methods.includes(method));
      if (shared.length === 0) continue;
      const [first, second] = [earlier.target.metadata.name, later.target.metadata.name];
      if (earlier.template.toLowerCase() === later.template.toLowerCase()) {
        throw new Error(`${second}: the route "${later.template}" (${shared.join(', ')}) is already that of ${first}.`);
      }
      if (canOverlap(earlier.segments, later.segments)) {
        warnings.push(
          `"${earlier.template}" of ${first} can hide "${later.template}" of ${second} (${shared.join(', ')})`,
        );
      }
    }
  }
  return {
    all,
    warnings,
    find(method, path) {
      for (const route of all) {
        if (!route.methods.includes(method.toUpperCase())) continue;
        const params = matchPath(route.segments, path);
        if (params !== undefined) return { route, params };
      }
      return undefined;
    },
  };
}

function readRoute(target: RegisteredFunction, prefix: string): Route {
  const { name } = target.metadata;
  const { binding } = findTrigger(target.metadata);
  const route = trimSlashes(typeof binding.route === 'string' ? binding.route : name);
  const reserved = RESERVED.find((word) => route.toLowerCase().startsWith(word));
  if (reserved !== undefined) {
    throw new Error(
      `${name}: the route "${route}" starts with "${reserved}", which belongs to the host. Choose another.`,
    );
  }
  const template = trimSlashes(`${trimSlashes(prefix)}/${route}`);
  const methods = Array.isArray(binding.methods) ? binding.methods.map((method) => String(method).toUpperCase()) : [];
  return {
    target,
    methods,
    template,
    segments: parse(name, template),
    authLevel: readAuthLevel(name, binding.authLevel),
  };
}

function parse(name: string, template: string): Segment[] {
  try {
    return parseTemplate(template);
  } catch (failure) {
    throw new Error(`${name}: ${failure instanceof Error ? failure.message : String(failure)}.`, { cause: failure });
  }
}

function readAuthLevel(name: string, value: unknown): Route['authLevel'] {
  const level = typeof value === 'string' ? value.toLowerCase() : value;
  if (level === 'anonymous' || level === 'function' || level === 'admin') return level;
  throw new Error(`${name}: authLevel must be anonymous, function or admin (got ${JSON.stringify(value)}).`);
}

function trimSlashes(text: string): string {
  return text.replace(/^\/+|\/+$/g, '');
}
