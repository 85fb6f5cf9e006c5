/**
 * What each function says of itself, for the description of the routes. Made only when somebody asks for it: the start
 * of an instance does not pay for a document that few read.
 */
import * as z from 'zod';

export type Auth =
  | 'functionKey'
  | 'adminKey'
  | 'webhookSecret'
  /** The webhook secret, also as the password of an address. */
  | 'webhookSecretOrPassword'
  | 'githubSignature'
  | 'none';

export interface Answer {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Default: `application/json`. */
  readonly contentType?: string;
  /** What each says. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RouteDescription {
  readonly operation: string;
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** Whoever asks for the headers alone is answered the same without the body. */
  readonly alsoHead?: true;
  /** From the root, `/api/…`, with `{name}` for what `params` describes. */
  readonly path: string;
  readonly summary: string;
  readonly detail?: string;
  readonly auth: Auth;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
}

const made = new Map<string, z.ZodType>();

/** Schemas that have a name of their own in the description; filled as they are made. */
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
      .array(z.object({ field: z.string().describe('In the words of the request.'), reason: z.string() }))
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

/** Refusals that are problem documents. */
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

/** What the platform itself answers to a missing or wrong key: nothing but the status. */
export const noKey: Record<number, Answer> = { 401: { description: 'The key is missing or wrong. No body.' } };

/** ISO 8601, UTC, milliseconds: how every answer writes times. */
export const instant = () =>
  z.iso
    .datetime({ precision: 3 })
    // The format says it; the pattern of all dates that exist is long.
    .meta({ pattern: undefined });
