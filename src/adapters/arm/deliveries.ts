/**
 * Reads a webhook's delivery log, the only place where a lost event can still be read. It uses the raw response: the
 * SDK cuts times to milliseconds and drops bodies that arrive as text, and the recovered event would differ from the
 * one that was sent.
 */
import type { LoggedDelivery } from '../../core/ports.ts';
import type { ArmRegistry } from './client.ts';
import { malformedAnswer } from './upstream-error.ts';

const maxDeliveries = 1_000;

export async function readDeliveries(
  { client, address, abortSignal }: ArmRegistry,
  webhook: string,
): Promise<readonly LoggedDelivery[]> {
  let raw: unknown;
  const pages = client.webhooks
    .listEvents(...address, webhook, {
      abortSignal,
      onResponse: ({ status, parsedBody }) => {
        if (status === 200) raw = parsedBody;
      },
    })
    .byPage();
  // The first page only: the SDK requests the second with the wrong HTTP method.
  await pages.next().catch((error) => {
    // One entry that the SDK cannot parse must not cost the others.
    if (raw === undefined) throw error;
  });
  const { value } = Object(raw) as { value?: unknown };
  if (!Array.isArray(value)) throw malformedAnswer('a log without entries');
  return value.slice(0, maxDeliveries).flatMap((entry) => toDelivery(entry) ?? []);
}

function toDelivery(entry: unknown): LoggedDelivery | undefined {
  const { id, eventRequestMessage: request, eventResponseMessage: response } = Object(entry) as Record<string, unknown>;
  if (typeof id !== 'string') return undefined;
  const { content } = Object(request) as { content?: unknown };
  const { statusCode } = Object(response) as { statusCode?: unknown };
  const status = Number(statusCode);
  return {
    id,
    body: typeof content === 'string' ? parseJson(content) : (content ?? undefined),
    status: Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
