/** The description of the routes: that it can be read by whoever reads OpenAPI, and leaves nothing undescribed. */
import { beforeAll, describe, expect, test } from 'vitest';
import { parseRequirement } from '../../src/core/model/requirement.ts';
import { openApiFunction } from '../../src/functions/api/openapi.ts';
import { routes } from '../../src/functions/routes.ts';
import { replicaSetOf } from '../support/build.ts';
import { call } from '../support/call.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Record<string, unknown>;
}
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly Record<string, unknown>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: unknown }> };
  readonly responses: Record<string, { readonly description: string; readonly content?: Record<string, unknown> }>;
}
interface Document {
  readonly openapi: string;
  readonly jsonSchemaDialect: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: Record<string, Record<string, Record<string, unknown>>>;
}

let document: Document;
let operations: {
  readonly name: string;
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}[];

beforeAll(async () => {
  const answer = await call(openApiFunction(routes), { path: 'openapi.json' });
  expect(answer.status).toBe(200);
  document = answer.body as Document;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, path, method, operation })),
  );
});

/** Every object in the document, with where it is. */
function* objectsIn(value: unknown, at = '#'): Generator<readonly [string, Record<string, unknown>]> {
  if (value === null || typeof value !== 'object') return;
  if (!Array.isArray(value)) yield [at, value as Record<string, unknown>];
  for (const [key, inner] of Object.entries(value)) yield* objectsIn(inner, `${at}/${key}`);
}

function lookUp(reference: string): unknown {
  const parts = reference.replace(/^#\//, '').split('/');
  return parts.reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], document);
}

test('is OpenAPI 3.1 with the schemas of JSON Schema 2020-12', () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(document.jsonSchemaDialect).toBe('https://json-schema.org/draft/2020-12/schema');
  expect(document.info).toMatchObject({ title: 'acr-replication-tracker', version: expect.any(String) });
});

test('is made once', async () => {
  let made = 0;
  const counted = openApiFunction([
    () => {
      made++;
      return routes[0]?.() ?? expect.fail('no routes');
    },
  ]);
  expect(made).toBe(0);
  for (let i = 0; i < 3; i++) await call(counted, { path: 'openapi.json' });
  expect(made).toBe(1);
});

test('every reference leads somewhere, and every component is referred to', () => {
  const references = [...objectsIn(document)].flatMap(([, { $ref }]) => (typeof $ref === 'string' ? [$ref] : []));
  for (const reference of references) expect(lookUp(reference), reference).toBeDefined();
  const { schemas = {}, headers = {} } = document.components;
  for (const name of Object.keys(schemas)) expect(references).toContain(`#/components/schemas/${name}`);
  for (const name of Object.keys(headers)) expect(references).toContain(`#/components/headers/${name}`);
});

const types = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];
/** What JSON Schema 2020-12 and OpenAPI know, as far as it is used. */
const keywords = new Set(
  (
    '$ref type enum const anyOf allOf oneOf not properties required additionalProperties propertyNames items pattern ' +
    'format minimum maximum minLength maxLength minItems maxItems default description examples title'
  ).split(' '),
);

/** Walks a schema by its own rules, so that a field that is called `type` is not read as the keyword. */
function checkSchema(schema: unknown, at: string): void {
  expect(schema, at).toBeTypeOf('object');
  const given = schema as Record<string, unknown>;
  for (const keyword of Object.keys(given)) expect([...keywords], `${at}/${keyword}`).toContain(keyword);
  for (const type of [given.type ?? []].flat()) expect(types, at).toContain(type);
  if (typeof given.pattern === 'string') expect(() => new RegExp(String(given.pattern), 'u')).not.toThrow();
  const { properties = {}, required = [], items, additionalProperties } = given;
  for (const name of required as string[]) expect(Object.keys(properties as object), at).toContain(name);
  for (const [name, inner] of Object.entries(properties as object)) checkSchema(inner, `${at}/properties/${name}`);
  for (const keyword of ['anyOf', 'allOf', 'oneOf']) {
    for (const [i, inner] of ((given[keyword] as unknown[] | undefined) ?? []).entries()) {
      checkSchema(inner, `${at}/${keyword}/${i}`);
    }
  }
  if (items !== undefined) checkSchema(items, `${at}/items`);
  if (typeof additionalProperties === 'object') checkSchema(additionalProperties, `${at}/additionalProperties`);
}

test('every schema is one', () => {
  for (const [name, schema] of Object.entries(document.components.schemas ?? {})) checkSchema(schema, name);
  for (const { name, operation } of operations) {
    for (const parameter of operation.parameters ?? []) checkSchema(parameter.schema, `${name} ${parameter.name}`);
    for (const { schema } of Object.values(operation.requestBody?.content ?? {})) checkSchema(schema, `${name} body`);
  }
});

test('operations have names of their own, and say what they are for', () => {
  const names = operations.map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, operation } of operations) expect(operation.summary, name).not.toBe('');
});

test('every parameter is described, and every part of a path is a parameter', () => {
  for (const { name, path, operation } of operations) {
    const parameters = operation.parameters ?? [];
    for (const parameter of parameters) {
      expect(parameter.description, `${name} ${parameter.name}`).toMatch(/\w/);
      if (parameter.in === 'path') expect(parameter.required).toBe(true);
    }
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, part]) => part);
    expect(parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name)).toEqual(
      inPath,
    );
  }
});

test('who may call is said, by a lock that is described', () => {
  for (const { name, operation } of operations) {
    for (const way of operation.security.flatMap(Object.keys)) {
      expect(Object.keys(document.components.securitySchemes ?? {}), name).toContain(way);
    }
    const isOpen = ['/api/health', '/api/openapi.json', '/ui'].some((path) => name.endsWith(path));
    expect(operation.security.length === 0, name).toBe(isOpen);
    expect('401' in operation.responses, name).toBe(!isOpen);
  }
});

test('every refusal is a problem document, and everything can refuse a parameter', () => {
  for (const { name, method, operation } of operations) {
    for (const [status, response] of Object.entries(operation.responses)) {
      expect(response.description, `${name} ${status}`).toMatch(/\w/);
      const isRefusal = status === 'default' || status.startsWith('4');
      const isPlatforms = status === '401' && response.content === undefined;
      // A wait that ends early answers with the document.
      const isDocument = ['409', '410'].includes(status);
      if (!isRefusal || isPlatforms || isDocument) continue;
      const body = method === 'head' ? [] : ['application/problem+json'];
      expect(Object.keys(response.content ?? {}), `${name} ${status}`).toEqual(body);
    }
    expect('400' in operation.responses, name).toBe(true);
    expect(operation.responses.default, name).toBeDefined();
  }
});

describe('the pattern of "require"', () => {
  const texts = [
    'all',
    'any',
    '1',
    '2',
    '3',
    '99',
    '999',
    '1000',
    '0',
    '-1',
    '1.5',
    'ALL',
    'some',
    '',
    ' 1',
    '2\r\n',
    '1 2',
    '01',
  ];

  test.each(texts)('accepts %j exactly if the product accepts it', (text) => {
    const [parameter] = (document.paths['/api/availability']?.get?.parameters ?? []).filter(
      ({ name }) => name === 'require',
    );
    const parsed = parseRequirement({ regions: undefined, require: text }, replicaSetOf());
    // A number that is one, and too large for this registry, is refused for another reason.
    const isRefused = !parsed.ok && parsed.problems.some(({ reason }) => reason.startsWith('must be'));
    expect(new RegExp(String(parameter?.schema.pattern)).test(text)).toBe(!isRefused);
  });
});
