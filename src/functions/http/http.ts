/**
 * What every HTTP function shares: a request id on every answer; errors as problem documents; query parameters read in
 * the same way whether the host buffers or streams; unknown parameters refused.
 */
import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import * as z from 'zod';
import { describeError, UpstreamError } from '../../core/runtime/errors.ts';
import { nearest } from '../../core/runtime/nearest.ts';
import type { FieldProblem } from '../../core/runtime/parsed.ts';
import { quote } from '../../core/runtime/parsed.ts';
import { compressedResponse } from './compressed-response.ts';
import { badRequest, problemResponse, upstreamProblem } from './problem.ts';

type Handle = (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit> | HttpResponseInit;

/** For a route without parameters. */
export const noQuery = z.object({});

/** @param query the route's parameters, from the schema that also describes it */
export function httpHandler(query: z.ZodObject, handle: Handle): HttpHandler {
  const known = Object.keys(query.shape);
  return async function handleRequest(request, context) {
    const unknown = unknownParameters(request, known);
    const answered = unknown.length > 0 ? badRequest(unknown) : await answer(handle, request, context);
    const response = compressedResponse(request, answered);
    const isHead = request.method === 'HEAD';
    const headers = {
      ...{ 'cache-control': 'no-store', ...response.headers, 'x-request-id': context.invocationId },
      ...(isHead ? lengthOf(response) : {}),
    };
    // Some web servers drop the body of an answer to HEAD only when its status is a success.
    return { ...response, ...(isHead ? { body: undefined } : {}), headers };
  };
}

/** The length that a GET would return. */
function lengthOf({ body }: HttpResponseInit): { readonly 'content-length'?: string } {
  if (typeof body === 'string') return { 'content-length': String(Buffer.byteLength(body)) };
  return body instanceof Uint8Array ? { 'content-length': String(body.byteLength) } : {};
}

/** The function key and its name: the host accepts them in any letter case and passes them on. */
const parametersOfHost = ['code', 'clientid'];
const maxProblems = 10;

function unknownParameters(request: HttpRequest, known: readonly string[]): FieldProblem[] {
  const names = [...new Set(new URL(request.url).searchParams.keys())];
  return names
    .filter((name) => !known.includes(name) && !parametersOfHost.includes(name.toLowerCase()))
    .slice(0, maxProblems)
    .map((name) => ({ field: toField(name), reason: describeUnknown(name, known) }));
}

function describeUnknown(name: string, known: readonly string[]): string {
  const meant = nearest(name.slice(0, 80), known);
  if (meant === undefined) return 'is not a parameter of this route; it has none';
  return `is not a parameter of this route; the nearest is ${quote(meant)} (known: ${known.join(', ')})`;
}

/** The name as it was sent if it is printable, otherwise quoted. */
function toField(name: string): string {
  return /^[\x21-\x7e]{1,80}$/.test(name) ? name : quote(name);
}

async function answer(handle: Handle, request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  try {
    return await handle(request, context);
  } catch (error) {
    if (error instanceof UpstreamError) {
      context.warn(`${context.functionName} failed: ${describeError(error)}`);
      return upstreamProblem(error);
    }
    context.error(`${context.functionName} failed unexpectedly`, error);
    return problemResponse(500, `Unexpected error. Its cause is in the log, under this request id.`);
  }
}

/**
 * Repeated parameters are joined with commas, so that a second region counts and a second image is refused. The host
 * joins them in one of its modes only; the URL is the same in both. White space around a value is dropped: the output
 * of a command often ends with a line break.
 */
export function readQuery(request: HttpRequest): (name: string) => string | undefined {
  const { searchParams } = new URL(request.url);
  return (name) => (searchParams.has(name) ? searchParams.getAll(name).join(',').trim() : undefined);
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): HttpResponseInit {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(body),
  };
}
