/**
 * The host's web server: its own pages first, then the functions by their routes, then 404. Status codes with empty
 * bodies are the host's behaviour; a function that wants to explain itself has to answer.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { RegisteredFunction, RpcHttpRequest } from './core-types.ts';
import { toRpcRequest } from './http-request.ts';
import { sendEmpty, sendRpcResponse } from './http-response.ts';
import { createInFlight, type InFlight } from './in-flight.ts';
import type { Invoker } from './invocation.ts';
import { findKey, type HostKeys, isAllowed } from './keys.ts';
import { describeError, type OnLog } from './log.ts';
import { decodePath, splitTarget } from './request-path.ts';
import type { Match, Routes } from './routes.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Decoded, for matching routes. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Serves `prefix` and every path below it. */
export interface Mount {
  readonly prefix: string;
  handle(exchange: Exchange): Promise<void> | void;
}

/** How long an idle connection is kept; the platform's front end keeps them for minutes as well. */
const KEEP_ALIVE_MS = 130_000;
const MAX_HEADER_BYTES = 32 * 1024;

export interface HttpServer {
  readonly server: Server;
  /** Requests whose answer has not been sent completely. */
  readonly inFlight: InFlight;
}

export function createHttpServer(
  handle: (exchange: Exchange, target: string) => Promise<void>,
  onLog: OnLog,
): HttpServer {
  const inFlight = createInFlight();
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    inFlight.add(once(response, 'close'));
    // Of two Host headers, Node uses the first and a proxy may use the second:
    // https://www.rfc-editor.org/rfc/rfc9112#section-3.2
    const hosts = request.headersDistinct.host?.length ?? 0;
    const target = request.url ?? '/';
    const { path: rawPath, query } = splitTarget(target);
    const path = decodePath(rawPath);
    // The other two are invalid HTTP for the host's web server.
    if (hosts > 1 || path.includes('\0') || request.rawHeaders.some((text) => /[^\t\x20-\x7e]/.test(text))) {
      request.resume();
      sendEmpty(response, 400);
      return;
    }
    const exchange = { request, response, path, query: new URLSearchParams(query) };
    handle(exchange, target).catch((failure: unknown) => {
      // A client that leaves in the middle of its request is no error.
      if (!request.destroyed || request.complete) {
        onLog({ level: 'error', category: 'system', message: describeError(failure) });
      }
      if (response.headersSent) response.destroy();
      else sendEmpty(response, 500);
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // A held request may be answered minutes later; only its arrival has a time limit.
  server.timeout = 0;
  return { server, inFlight };
}

export function findMount(mounts: readonly Mount[], path: string): Mount | undefined {
  const lower = path.toLowerCase();
  return mounts.find(({ prefix }) => lower === prefix || lower.startsWith(`${prefix}/`));
}

export interface FunctionsHandlerOptions {
  readonly routes: Routes;
  readonly invoker: Invoker;
  /** `undefined`: no keys are required. */
  readonly keys: HostKeys | undefined;
}

/**
 * Runs the function that a request belongs to.
 * @returns `false` where there is none
 */
export function createFunctionsHandler({ routes, invoker, keys }: FunctionsHandlerOptions) {
  function isAuthorised({ route }: Match, { request, query }: Exchange): boolean {
    if (keys === undefined || route.authLevel === 'anonymous') return true;
    const accepted = route.authLevel === 'admin' ? [keys.master] : [keys.function, keys.master];
    return isAllowed(findKey(request.headersDistinct, query), accepted);
  }

  return async (exchange: Exchange, target: string): Promise<boolean> => {
    const { request, response, path } = exchange;
    const match = routes.find(request.method ?? 'GET', path);
    if (match === undefined) return false;
    if (!isAuthorised(match, exchange)) {
      request.resume();
      sendEmpty(response, 401);
      return true;
    }
    const raw = splitTarget(target);
    const rpcRequest = await toRpcRequest(request, raw.path, raw.query, match.params);
    // The host fails while it reads such a body, after the function was chosen.
    if (rpcRequest === 'tooLarge') sendEmpty(response, 500);
    else if (rpcRequest === 'badAddress') sendEmpty(response, 400);
    else await answer(match.route.target, rpcRequest, exchange);
    return true;
  };

  async function answer(
    target: RegisteredFunction,
    http: RpcHttpRequest,
    { request, response }: Exchange,
  ): Promise<void> {
    const traceParent = request.headersDistinct.traceparent?.[0];
    const result = await invoker.invoke(target, { data: { http }, traceParent }).catch(() => undefined);
    // The invoker has logged the error; the caller gets no details.
    if (result === undefined) sendEmpty(response, 500);
    else sendRpcResponse(response, result.returnValue);
  }
}
