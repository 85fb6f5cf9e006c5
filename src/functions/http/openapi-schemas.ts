/**
 * The schemas of all routes as JSON Schema 2020-12, converted together: a named schema becomes a component, and its
 * users refer to it. Input and output schemas both describe what is sent; a client must tolerate additional fields.
 */
import * as z from 'zod';
import type { RouteDescription } from './route.ts';
import { namedSchemas } from './route.ts';

export type JsonObject = Record<string, unknown>;

export interface Schemas {
  of(schema: z.ZodType): JsonObject;
  readonly components: JsonObject;
}

const reference = (id: string) => `#/components/schemas/${id}`;

export function convertSchemas(routes: readonly RouteDescription[]): Schemas {
  const registry = z.registry<{ id: string }>();
  const ids = new Map<z.ZodType, string>();
  const add = (schema: z.ZodType, id: string) => {
    if (ids.has(schema)) return;
    ids.set(schema, id);
    registry.add(schema, { id });
  };
  for (const [id, schema] of namedSchemas) add(schema, id);
  for (const schema of routes.flatMap(schemasOf)) add(schema, ` ${ids.size}`);
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: reference });

  const plain = (id: string): JsonObject => {
    const { $schema: _dialect, $id: _address, id: _id, ...schema } = { ...schemas[id] } as JsonObject;
    return schema;
  };
  return {
    of(schema) {
      const id = ids.get(schema);
      if (id === undefined) throw new Error('a schema that no route has named');
      return id.startsWith(' ') ? plain(id) : { $ref: reference(id) };
    },
    components: Object.fromEntries([...namedSchemas.keys()].map((id) => [id, plain(id)])),
  };
}

function schemasOf({ params, query, headers, body, answers }: RouteDescription): z.ZodType[] {
  const schemas = [params, query, headers, body, ...Object.values(answers).map(({ schema }) => schema)];
  return schemas.filter((schema) => schema !== undefined);
}
