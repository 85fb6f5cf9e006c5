/**
 * How each function describes its route for OpenAPI. Built only on request, so that the start of an instance does not
 * pay for a document that few clients read.
 */
import * as z from 'zod';

export type Auth =
  | 'functionKey'
  | 'adminKey'
  | 'webhookSecret'
  /** The webhook secret, also as the password in a URL. */
  | 'webhookSecretOrPassword'
  | 'githubSignature'
  | 'none';

export interface Answer {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Default: `application/json`. */
  readonly contentType?: string;
  /** By name: the description of each header. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RouteDescription {
  readonly operation: string;
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** HEAD is answered like GET, without the body. */
  readonly alsoHead?: true;
  /** From the root, `/api/…`, with `{name}` for each of `params`. */
  readonly path: string;
  readonly summary: string;
  readonly detail?: string;
  readonly auth: Auth;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /** By HTTP status. */
  readonly answers: Readonly<Record<number, Answer>>;
}

const made = new Map<string, z.ZodType>();

/** Schemas with a name in the description; filled as they are made. */
export const namedSchemas: ReadonlyMap<string, z.ZodType> = made;

/** @returns the schema, made at the first call */
export function named<S extends z.ZodType>(id: string, make: () => S): () => S {
  let schema: S | undefined;
  return () => {
    schema ??= make();
    made.set(id, schema);
    return schema;
  };
}

/** RFC 9457, as problem.ts writes it. */
export const problemDocument = named('Problem', () =>
  z.object({
    type: z.string().describe('Always `about:blank`: the title says no more than the status.'),
    title: z.string(),
    status: z.int().describe('The HTTP status.'),
    detail: z.string().describe('For people: what is wrong and what to do.'),
    errors: z
      .array(z.object({ field: z.string().describe('As in the request.'), reason: z.string() }))
      .optional()
      .describe('For bad input: each field that is wrong.'),
  }),
);

const reasons: Record<number, string> = {
  400: 'Something in the request is wrong; `errors` names each field.',
  401: 'The secret or signature is missing or wrong.',
  404: 'Nothing of that name is known here.',
  413: 'The body is too large.',
  503: 'The storage, or something else this depends on, does not answer; `Retry-After` says when to try again.',
};

/** Refusals as problem documents. */
export function refusals(...statuses: (keyof typeof reasons & number)[]): Record<number, Answer> {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: reasons[status] ?? 'Refused.',
        schema: problemDocument(),
        contentType: 'application/problem+json',
        ...(status === 503 ? { headers: { 'retry-after': 'Seconds to wait before the next try.' } } : {}),
      },
    ]),
  );
}

/** How the platform answers a missing or wrong key: with the status alone. */
export const noKey: Record<number, Answer> = { 401: { description: 'The key is missing or wrong. No body.' } };

/** ISO 8601, UTC, with milliseconds: the format of all times in answers. */
export const instant = () =>
  z.iso
    .datetime({ precision: 3 })
    // The format implies it, and zod's pattern of valid dates is long.
    .meta({ pattern: undefined });
