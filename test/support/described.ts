/** Compares a real answer with the description of the function. */
import { expect } from 'vitest';
import type { z } from 'zod';
import type { RouteDescription } from '../../src/functions/http/route.ts';
import type { Answer } from './call.ts';

/** Fails for an answer that is not described, for a field that is not described, and for one that is missing. */
export function expectDescribed(route: RouteDescription, answer: Answer, status: number): void {
  expect(answer.status, answer.text).toBe(status);
  const described = route.answers[status];
  expect(described, `${route.path} ${status}`).toBeDefined();
  const schema = described?.schema as z.ZodType;
  expect(schema.parse(answer.body)).toEqual(answer.body);
  expect(answer.headers['content-type']).toContain(described?.contentType ?? 'application/json');
  for (const name of Object.keys(described?.headers ?? {})) expect(answer.headers[name], name).toMatch(/./);
}
