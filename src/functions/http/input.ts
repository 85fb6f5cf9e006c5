/**
 * Reads text from the query or the path with the same schemas that the OpenAPI description is made from, so what is
 * described is what is checked.
 */
import type { HttpResponseInit } from '@azure/functions';
import * as z from 'zod';
import { parseRegion, regionRule } from '../../core/model/region.ts';
import { readAs } from '../../core/runtime/validation.ts';
import { badRequest } from './problem.ts';

/** The value of a parameter, or `undefined` when it was not given. */
export type Query = (name: string) => string | undefined;
export type Read<T> = { readonly value: T } | { readonly refusal: HttpResponseInit };

/** Reads only the fields of the schema. */
export function readInput<S extends z.ZodObject>(schema: S, query: Query): Read<z.output<S>> {
  return check(schema, Object.fromEntries(Object.keys(schema.shape).map((name) => [name, query(name)])));
}

export function check<S extends z.ZodType>(schema: S, input: unknown): Read<z.output<S>> {
  const read = readAs(schema, input);
  return read.ok ? { value: read.value } : { refusal: badRequest(read.problems) };
}

/** A text that is parsed by a function of the core. */
export function textReadBy<T>(parse: (text: string) => T | undefined, rule: string) {
  return z
    .string('must be a text')
    .trim()
    .transform((text, context) => {
      const value = parse(text);
      if (value === undefined) context.addIssue({ code: 'custom', message: rule });
      return value ?? z.NEVER;
    });
}

export const regionInput = textReadBy(parseRegion, regionRule);

/** A registry's name or login server. */
export const registryInput = z
  .string('must be a text')
  .trim()
  .meta({
    description: "A registry's name or login server; may be left out while only one is tracked.",
    examples: ['myregistry', 'myregistry.azurecr.io'],
  });
