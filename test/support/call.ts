/** Calls one HTTP function as the host does: a real request, a real context, and the answer as a caller sees it. */
import type { HttpFunctionOptions, HttpRequest as Request } from '@azure/functions';
// By name these two do not exist for native modules: the package is one CommonJS bundle.
import functions from '@azure/functions';

const { HttpRequest, InvocationContext } = functions;

export interface CallInput {
  /** After `/api/`, with the query. */
  readonly path: string;
  readonly params?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  readonly invocationId?: string;
  /** The trace context of the host. */
  readonly traceParent?: string;
  /** Changes the request before the function sees it. */
  readonly prepare?: (request: Request) => void;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body, parsed. */
  readonly body: unknown;
  /** What the function wrote to the host's log. */
  readonly log: readonly string[];
}

export async function call(options: HttpFunctionOptions, input: CallInput): Promise<Answer> {
  const log: string[] = [];
  const { body } = input;
  const request = new HttpRequest({
    method: options.methods?.[0] ?? 'GET',
    url: `http://localhost:7071/api/${input.path}`,
    params: input.params ?? {},
    headers: input.headers ?? {},
    ...(body === undefined ? {} : { body: typeof body === 'string' ? { string: body } : { bytes: body } }),
  });
  input.prepare?.(request);
  const context = new InvocationContext({
    invocationId: input.invocationId ?? 'test-invocation',
    functionName: 'test',
    ...(input.traceParent === undefined ? {} : { traceContext: { traceParent: input.traceParent } }),
    logHandler: (_level, ...words) => {
      log.push(words.map(String).join(' '));
    },
  });
  const { status = 200, headers = {}, body: answered } = await options.handler(request, context);
  const text = typeof answered === 'string' ? answered : '';
  return {
    status,
    headers: Object.fromEntries(new Headers(headers)),
    text,
    body: text === '' ? undefined : JSON.parse(text),
    log,
  };
}

/** A request that fails if its body is read. */
export function forbidBody(request: Request): void {
  for (const name of ['body', 'arrayBuffer', 'blob', 'formData', 'json', 'text']) {
    Object.defineProperty(request, name, {
      get(): never {
        throw new Error(`the body was touched through ${name}`);
      },
    });
  }
}
