/**
 * What must hold for every answer to every request: no 5xx, no secret, no internals, in time, and as described. Returns
 * a list of violations as text; the request is added to it.
 */
import type { Conforms } from './conformance.ts';
import { parseJson } from './conformance.ts';
import type { Operation } from './description.ts';
import type { RawRequest } from './draft.ts';
import type { Exchange } from './exchange.ts';
import type { Answer } from './read-answers.ts';
import { headerOf, isHeadRequest } from './read-answers.ts';
import type { Secrets } from './test-secrets.ts';

export interface Rules {
  readonly secrets: Secrets;
  readonly conforms: Conforms;
  /** Places on this machine that no answer may name. */
  readonly places: readonly string[];
  /** Beyond the time for which a request asks to be held. */
  readonly withinMs: (operation: Operation) => number;
}

/** The registry gives up after five seconds. */
const webhookWithinMs = 4_500;
const anyWithinMs = 8_000;
/** Each answer may read some hundred records, all from one storage process that all requests share. */
const listWithinMs = 20_000;
const lists = ['/api/images', '/api/replicas'];

export function withinMs({ path }: Operation): number {
  if (path.startsWith('/api/webhooks/')) return webhookWithinMs;
  return lists.includes(path) ? listWithinMs : anyWithinMs;
}

/** What the web server in front of the functions answers itself. */
const hostStatuses = [400, 401, 404, 408, 413, 417, 431];
const insides =
  /\n\s+at [^\n]+[:(]|node:internal|node_modules|main\.cjs|\.ts:\d+|\[object Object\]|\[native code\]|\bfunction \w*\(/;
const requestId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function checkExchange(
  operation: Operation,
  request: RawRequest,
  { answers, bytes, ms, faults, isLeft }: Exchange,
  rules: Rules,
): string[] {
  const found = [...faults];
  if (!isLeft && request.answers !== undefined && ms > rules.withinMs(operation) + request.holdMs * request.answers) {
    found.push(`answered after ${Math.round(ms)} ms`);
  }
  const text = bytes.toString('utf8');
  const leak = rules.secrets.leakIn(text);
  if (leak !== undefined) found.push(`the answer holds ${leak}`);
  const inside = insides.exec(text)?.[0] ?? rules.places.find((place) => text.includes(place));
  // The page has functions of its own.
  if (inside !== undefined && !isPage(answers))
    found.push(`the answer shows our insides: ${JSON.stringify(inside.slice(0, 60))}`);
  for (const answer of answers) found.push(...checkAnswer(operation, request, answer, rules));
  return [...new Set(found)];
}

/** The host checks the key and refuses the request itself; every other credential is checked by the function. */
const hasKey = ({ authentication }: Operation) => authentication === 'functionKey' || authentication === 'adminKey';

/** An answer with a document of its own, as described, although its status is that of a refusal. */
const isDocumented = ({ path }: Operation, status: number) =>
  (path === '/api/wait' && [409, 410].includes(status)) || (path === '/api/health' && status === 503);

const isPage = (answers: readonly Answer[]) =>
  answers.some((one) => headerOf(one, 'content-type')?.startsWith('text/html'));

function checkAnswer(
  operation: Operation,
  { isRouted, note, bytes }: RawRequest,
  answer: Answer,
  { conforms }: Rules,
): string[] {
  const { status, body } = answer;
  const found: string[] = [];
  const isOwnWay = operation.hostStatuses?.includes(status) === true && body.length === 0;
  if (status >= 500 && !isOwnWay) found.push(`answered ${status}`);
  if (headerOf(answer, 'x-injected') !== undefined)
    found.push('a header of the request came back as one of the answer');
  const id = headerOf(answer, 'x-request-id');
  if (id !== undefined) {
    if (!requestId.test(id)) found.push(`x-request-id is ${JSON.stringify(id)}`);
    // Another path may have led to another function: those are described, too, but not here.
    if (isRouted) found.push(...conforms(operation, answer));
    const isBare = isHeadRequest(bytes);
    if (headerOf(answer, 'content-type') === 'application/problem+json') {
      if (!isBare) found.push(...checkProblem(answer));
    } else if (status >= 400 && !isDocumented(operation, status)) found.push(`a ${status} that is no problem document`);
    return found;
  }
  if (isRouted && !(status === 401 && hasKey(operation))) found.push(`${status} did not come from the function`);
  const allowed = [...hostStatuses, ...(operation.hostStatuses ?? [])];
  if (status < 500 && !allowed.includes(status) && note === '') found.push(`the host answered ${status}`);
  if (operation.hostStatuses === undefined && body.length > 0 && status >= 400)
    found.push(`a ${status} of the host with a body`);
  return found;
}

function checkProblem({ status, body }: Answer): string[] {
  const problem = parseJson(body) as Record<string, unknown> | undefined;
  if (typeof problem !== 'object' || problem === null) return ['a problem document that is no JSON object'];
  const { type, title, status: stated, detail, errors } = problem;
  const isText = (value: unknown) => typeof value === 'string' && value.trim() !== '';
  const found: string[] = [];
  for (const [name, value] of Object.entries({ type, title, detail }))
    if (!isText(value)) found.push(`problem without ${name}`);
  if (stated !== status) found.push(`a problem that says ${String(stated)} in an answer of ${status}`);
  if (status !== 400) return found;
  const isNamed = (one: { field?: unknown; reason?: unknown }) => isText(one?.field) && isText(one?.reason);
  if (!Array.isArray(errors) || errors.length === 0 || !errors.every(isNamed)) found.push('a 400 that names no field');
  return found;
}
