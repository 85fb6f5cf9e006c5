/**
 * The OpenAPI 3.1 description of every route, assembled from the description beside each function. Built at the first
 * request and then kept.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import { httpHandler, json, noQuery } from '../http/http.ts';
import type { JsonObject, Schemas } from '../http/openapi-schemas.ts';
import { convertSchemas } from '../http/openapi-schemas.ts';
import type { Answer, Auth, RouteDescription } from '../http/route.ts';
import { problemDocument, refusals } from '../http/route.ts';

export function describeOpenApi(): RouteDescription {
  return {
    operation: 'describeRoutes',
    method: 'get',
    path: '/api/openapi.json',
    alsoHead: true,
    summary: 'This description',
    auth: 'none',
    answers: {
      200: { description: 'OpenAPI 3.1.', schema: z.looseObject({ openapi: z.string() }) },
      ...refusals(400),
    },
  };
}

/** @param describe one function for each route, this one included */
export function openApiFunction(describe: readonly (() => RouteDescription)[]): HttpFunctionOptions {
  let document: JsonObject | undefined;
  return {
    methods: ['GET', 'HEAD'],
    authLevel: 'anonymous',
    route: 'api/openapi.json',
    handler: httpHandler(noQuery, function describeRoutes() {
      document ??= openApiDocument(describe.map((one) => one()));
      return json(200, document);
    }),
  };
}

export function openApiDocument(routes: readonly RouteDescription[]): JsonObject {
  const schemas = convertSchemas(routes);
  const operations = routes.flatMap((route) => {
    const operation = toOperation(route, schemas);
    const { path, method } = route;
    return [
      { path, method, operation },
      ...(route.alsoHead ? [{ path, method: 'head', operation: toHead(operation) }] : []),
    ];
  });
  const paths = Map.groupBy(operations, ({ path }) => path);
  return {
    openapi: '3.1.1',
    info: {
      title: 'acr-replication-tracker',
      version: '1',
      description: 'Is this image in every replica of the geo-replicated registry yet?',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    jsonSchemaDialect: dialect,
    servers: [{ url: '/' }],
    paths: Object.fromEntries(
      [...paths].map(([path, some]) => [
        path,
        Object.fromEntries(some.map(({ method, operation }) => [method, operation])),
      ]),
    ),
    components: {
      schemas: schemas.components,
      securitySchemes,
      headers: { requestId: { description: 'Names this request in the log.', schema: { type: 'string' } } },
    },
  };
}

const dialect = 'https://json-schema.org/draft/2020-12/schema';

interface Operation extends JsonObject {
  readonly operationId: string;
  readonly summary: string;
  readonly responses: Readonly<Record<string, JsonObject>>;
}

function toHead(operation: Operation): Operation {
  const responses = Object.entries(operation.responses).map(([status, { content: _body, ...rest }]) => [status, rest]);
  return {
    ...operation,
    operationId: `${operation.operationId}Head`,
    summary: `${operation.summary}, without the body`,
    responses: Object.fromEntries(responses),
  };
}

function toOperation(route: RouteDescription, schemas: Schemas): Operation {
  const parameters = (['path', 'query', 'header'] as const).flatMap((place) => {
    const schema = { path: route.params, query: route.query, header: route.headers }[place];
    return schema === undefined ? [] : toParameters(schemas.of(schema), place);
  });
  const problem = { description: 'An unexpected error.', schema: problemDocument(), contentType: problemType };
  return {
    operationId: route.operation,
    summary: route.summary,
    ...(route.detail === undefined ? {} : { description: route.detail }),
    security: securityOf(route.auth),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined ? {} : { requestBody: toBody(route, schemas.of(route.body)) }),
    responses: Object.fromEntries(
      Object.entries<Answer>({ ...route.answers, default: problem } as Record<string, Answer>).map(
        ([status, answer]) => [status, toResponse(answer, schemas)],
      ),
    ),
  };
}

const problemType = 'application/problem+json';

function toParameters(schema: JsonObject, place: 'path' | 'query' | 'header'): JsonObject[] {
  const { properties = {}, required = [] } = schema as { properties?: JsonObject; required?: string[] };
  return Object.entries(properties).map(([name, property]) => {
    const { description, examples, ...rest } = property as JsonObject;
    return {
      name,
      in: place,
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: { ...rest, ...(examples === undefined ? {} : { examples }) },
    };
  });
}

/** The body is optional where query parameters can replace it. */
function toBody(route: RouteDescription, schema: JsonObject): JsonObject {
  return { required: route.query === undefined, content: { 'application/json': { schema } } };
}

function toResponse(answer: Answer, schemas: Schemas): JsonObject {
  const { description, schema, contentType = 'application/json', headers = {} } = answer;
  const described = Object.entries(headers).map(([name, text]) => [
    name,
    { description: text, schema: { type: 'string' } },
  ]);
  return {
    description,
    headers: { 'x-request-id': { $ref: '#/components/headers/requestId' }, ...Object.fromEntries(described) },
    ...(schema === undefined ? {} : { content: { [contentType]: { schema: schemas.of(schema) } } }),
  };
}

const inHeader = (name: string, description: string) => ({ type: 'apiKey', in: 'header', name, description });
const inQuery = (name: string, description: string) => ({ type: 'apiKey', in: 'query', name, description });

const securitySchemes = {
  functionKey: inHeader('x-functions-key', 'A function key of the app.'),
  functionKeyInQuery: inQuery('code', 'A function key of the app.'),
  adminKey: inHeader('x-functions-key', 'The master key of the app.'),
  adminKeyInQuery: inQuery('code', 'The master key of the app.'),
  webhookSecret: { type: 'http', scheme: 'bearer', description: 'One of the webhook secrets.' },
  webhookPassword: { type: 'http', scheme: 'basic', description: 'One of the webhook secrets as password, any user.' },
  githubSignature: inHeader('x-hub-signature-256', 'HMAC-SHA256 of the body, with the secret of the GitHub App.'),
};

/** Alternatives: any one of these is accepted. */
function securityOf(auth: Auth): JsonObject[] {
  const ways: Record<Auth, (keyof typeof securitySchemes)[]> = {
    functionKey: ['functionKey', 'functionKeyInQuery'],
    adminKey: ['adminKey', 'adminKeyInQuery'],
    webhookSecret: ['webhookSecret'],
    webhookSecretOrPassword: ['webhookSecret', 'webhookPassword'],
    githubSignature: ['githubSignature'],
    none: [],
  };
  return ways[auth].map((way) => ({ [way]: [] }));
}
