/**
 * What every HTTP function shares: the request id on every answer, errors turned into problem documents, and query
 * parameters read the same way whether the host buffers or streams.
 */
import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { describeError, WorldError } from '../core/errors.ts';
import { problemResponse, worldProblem } from './problem.ts';

export function httpHandler(
  handle: (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit> | HttpResponseInit,
): HttpHandler {
  return async function handleRequest(request, context) {
    const response = await answer(handle, request, context);
    const headers = { 'cache-control': 'no-store', ...response.headers, 'x-request-id': context.invocationId };
    return { ...response, headers };
  };
}

async function answer(
  handle: (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit> | HttpResponseInit,
  request: HttpRequest,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  try {
    return await handle(request, context);
  } catch (error) {
    if (error instanceof WorldError) {
      context.warn(`${context.functionName} failed: ${describeError(error)}`);
      return worldProblem(error);
    }
    context.error(`${context.functionName} failed unexpectedly`, error);
    return problemResponse(500, `Unexpected error. Its cause is in the log, under this request id.`);
  }
}

/**
 * Repeated keys are one value with commas, so that a second region counts and a second image is refused. The host does so
 * in one mode and not in the other; the URL is the same in both.
 */
export function readQuery(request: HttpRequest): (name: string) => string | undefined {
  const { searchParams } = new URL(request.url);
  return (name) => (searchParams.has(name) ? searchParams.getAll(name).join(',') : undefined);
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): HttpResponseInit {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(body),
  };
}
