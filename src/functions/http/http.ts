/**
 * What every HTTP function shares: the request id on every answer, errors turned into problem documents, query parameters
 * read the same way whether the host buffers or streams, and those that the route does not know refused.
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

/** Of a route that knows no parameters. */
export const noQuery = z.object({});

/** @param query the parameters that the route knows, as its description has them */
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
    // A web server drops the body of such an answer, if it is a good one.
    return { ...response, ...(isHead ? { body: undefined } : {}), headers };
  };
}

/** Of the body that GET gets. */
function lengthOf({ body }: HttpResponseInit): { readonly 'content-length'?: string } {
  if (typeof body === 'string') return { 'content-length': String(Buffer.byteLength(body)) };
  return body instanceof Uint8Array ? { 'content-length': String(body.byteLength) } : {};
}

/** The function key and its name: the host reads them in any letter case, and hands them on. */
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

/** A name as it was sent, unless nobody could see it in an answer. */
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
 * Repeated keys are one value with commas, so that a second region counts and a second image is refused. The host does so
 * in one mode and not in the other; the URL is the same in both. White space around a value is dropped: the output of a
 * command, taken as one, ends with a line break.
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
