/** Holds answers to the OpenAPI document: a status that is not described, or a body of another shape, breaks a client. */
import * as z from 'zod';
import type { Description, JsonSchema, Operation } from './description.ts';
import type { Answer } from './read-answers.ts';
import { headerOf } from './read-answers.ts';

/** The violations; empty if there are none. */
export type Conforms = (operation: Operation, answer: Answer) => string[];

export function conformance({ schemas }: Pick<Description, 'schemas'>): Conforms {
  const definitions = Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, pointToDefinitions(schema)]),
  );
  const made = new Map<JsonSchema, z.ZodType>();
  const readerOf = (schema: JsonSchema) => {
    const known = made.get(schema);
    if (known !== undefined) return known;
    const reader = z.fromJSONSchema({
      $defs: definitions,
      ...(pointToDefinitions(schema) as object),
    } as z.core.JSONSchema.JSONSchema);
    made.set(schema, reader);
    return reader;
  };
  return (operation, answer) => {
    const described = operation.answers?.[String(answer.status)];
    if (described === undefined) return [`${answer.status} is not described`];
    const faults = Object.keys(described.headers ?? {}).flatMap((name) =>
      headerOf(answer, name) === undefined ? [`${name} is missing from a ${answer.status}`] : [],
    );
    const [contentType, content] = Object.entries(described.content ?? {})[0] ?? [];
    if (contentType === undefined || content === undefined) {
      return answer.body.length === 0 ? faults : [...faults, `a ${answer.status} with a body that is not described`];
    }
    const sent = headerOf(answer, 'content-type')?.split(';')[0];
    if (sent !== contentType) return [...faults, `content type ${sent} where ${contentType} is described`];
    if (!contentType.endsWith('json')) return faults;
    const value = parseJson(answer.body);
    if (value === undefined) return [...faults, 'the body is not JSON'];
    const result = readerOf(content.schema).safeParse(value);
    const issues = result.success ? [] : result.error.issues.slice(0, 3);
    return [...faults, ...issues.map(({ path, message }) => `body ${path.join('.') || '(all)'}: ${message}`)];
  };
}

function pointToDefinitions(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/'));
}

export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
  } catch {
    return undefined;
  }
}
