/**
 * What can be called, read from the app's own OpenAPI document: the grammar of the requests and the measure of the
 * answers are the same text that clients are generated from. A route that is not described would not be tried.
 */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: JsonSchema;
}

export interface DescribedAnswer {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>;
}

/** How the caller is authenticated: by a security scheme of the document, or by a key of the host's own addresses. */
export type Authentication =
  | 'functionKey'
  | 'adminKey'
  | 'webhookSecret'
  | 'githubSignature'
  | 'eventgrid'
  | 'mcp'
  | 'none';

export interface Operation {
  /** `POST /api/events/replay`, as in the report. */
  readonly route: string;
  readonly method: string;
  /** With `{name}` for its parameters. */
  readonly path: string;
  readonly authentication: Authentication;
  readonly parameters: readonly Parameter[];
  readonly body?: JsonSchema;
  /** By status; `undefined` for addresses of the host itself, which have no description. */
  readonly answers?: Readonly<Record<string, DescribedAnswer>>;
  /** What the host itself may answer here. */
  readonly hostStatuses?: readonly number[];
}

export interface Description {
  readonly operations: readonly Operation[];
  /** Components, for the references in schemas. */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

interface DescribedOperation {
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
  readonly responses: Readonly<Record<string, DescribedAnswer>>;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

const authentications: readonly Authentication[] = ['functionKey', 'adminKey', 'webhookSecret', 'githubSignature'];

export async function readDescription(url: string): Promise<Description> {
  const response = await fetch(`${url}/api/openapi.json`, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`GET /api/openapi.json answered ${response.status}: there is no grammar.`);
  return toDescription((await response.json()) as OpenApi);
}

export function toDescription(document: OpenApi): Description {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => toOperation(path, method.toUpperCase(), operation)),
  );
  return { operations, schemas: document.components.schemas };
}

function toOperation(path: string, method: string, operation: DescribedOperation): Operation {
  const ways = operation.security.flatMap((way) => Object.keys(way));
  const authentication = authentications.find((one) => ways.includes(one)) ?? 'none';
  if (authentication === 'none' && ways.length > 0)
    throw new Error(`${method} ${path}: no way to open ${ways.join(', ')}`);
  const schema = operation.requestBody?.content['application/json']?.schema;
  return {
    route: `${method} ${path}`,
    method,
    path,
    authentication,
    parameters: operation.parameters ?? [],
    ...(schema === undefined ? {} : { body: schema }),
    answers: operation.responses,
  };
}
