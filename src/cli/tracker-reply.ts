/**
 * Decides what an HTTP answer is: an answer of the tracker, a refusal, a tracker that cannot answer now, or the page of
 * another server. A login page or a proxy answers 200 and 404 too; read as an answer of the tracker, it would release
 * or stop a deployment.
 */
import { clean, cleanDeep } from './clean.ts';
import type { Failure } from './failure.ts';

export type Reply =
  | { readonly ok: true; readonly status: number; readonly body: Fields; readonly retryAfterMs: number | undefined }
  | { readonly ok: false; readonly failure: Failure };

/** A JSON object whose texts have been cleaned of control characters and commands. */
export type Fields = Readonly<Record<string, unknown>>;

export interface Received {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly hasKey: boolean;
  readonly now: number;
}

const answers = [200, 202, 409, 410];

export function readReply(received: Received): Reply {
  const { status, headers, url } = received;
  const body = readJson(received);
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), received.now);
  const fail = (outcome: Failure['outcome'], message: string, more: Partial<Failure> = {}): Reply => ({
    ok: false,
    failure: { outcome, message, ...more },
  });

  if (body !== undefined && answers.includes(status)) return { ok: true, status, body, retryAfterMs };
  const detail = typeof body?.detail === 'string' ? body.detail : undefined;
  if (status === 401 || status === 403) {
    return fail(
      'refused',
      `the tracker refused ${received.hasKey ? 'the key' : 'a question without a key'} (${status})`,
      {
        hint: `Give a function key of the app with --key or ACR_REPLICATION_KEY.`,
      },
    );
  }
  if (status === 429 || status >= 500) {
    const message = `the tracker answered ${status}${detail === undefined ? '' : `: ${detail}`}`;
    return fail('unreachable', message, retryAfterMs === undefined ? {} : { retryAfterMs });
  }
  if ((status === 400 || status === 404) && detail !== undefined) return fail('badUsage', detail);
  if (status >= 300 && status < 400) {
    const target = clean(headers.get('location') ?? 'another address').split('?')[0];
    return fail('foreign', `${url.origin} sends the question on to ${target}`, {
      hint: 'Give the address of the tracker itself with --url or ACR_REPLICATION_URL.',
    });
  }
  // Every function sends a request id, so this 404 is the host's; with a path in the address, the address may be wrong.
  const isHost = status === 404 && received.text === '' && !headers.has('x-request-id');
  if (isHost && url.pathname.startsWith('/api/')) {
    return fail('foreign', `the app at ${url.origin} runs without its functions (404 with an empty body)`, {
      hint: `Look for faulty settings in its log: GET ${url.origin}/api/health may name them. Or it is another app.`,
    });
  }
  if (status === 407) return fail('unexpected', 'the proxy asks for a name and a password (407)');
  if (status === 404 || status < 300) {
    const kind = clean(headers.get('content-type')?.split(';')[0] ?? 'no content type');
    return fail('foreign', `no tracker answers at ${url.origin}${url.pathname} (${status}, ${kind})`, {
      hint: 'Give the address of the tracker with --url or ACR_REPLICATION_URL.',
    });
  }
  return fail('unexpected', `the tracker answered ${status}${detail === undefined ? '' : `: ${detail}`}`);
}

function readJson({ headers, text }: Received): Fields | undefined {
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(headers.get('content-type') ?? '')) return undefined;
  try {
    const value = cleanDeep(JSON.parse(text));
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isFields(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Seconds, or a date: RFC 9110, 10.2.3. */
function readRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  const milliseconds = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined;
}
