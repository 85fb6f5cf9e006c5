/**
 * A queue message in the form that the worker receives. One trap of the metadata is kept on purpose: top-level fields
 * of a JSON message replace the queue's own properties of the same name in any case, so a message with a field `id`
 * changes `context.triggerMetadata.id`.
 */
import type { DequeuedMessageItem } from '@azure/storage-queue';
import { isObject, parseJson } from '../json.ts';
import type { RpcTypedData } from './core-types.ts';
import type { Trigger } from './invocation.ts';

type QueueFacts = Pick<
  DequeuedMessageItem,
  'messageId' | 'dequeueCount' | 'popReceipt' | 'insertedOn' | 'expiresOn' | 'nextVisibleOn'
>;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @throws Error when the text is not in the encoding that `host.json` names */
export function decodeMessage(text: string, encoding: 'base64' | 'none'): string {
  if (encoding === 'none') return text;
  if (!BASE64.test(text)) {
    throw new Error('the message is not base64, which extensions.queues.messageEncoding in host.json asks for');
  }
  return Buffer.from(text, 'base64').toString('utf8');
}

export function createQueueTrigger(text: string, facts: QueueFacts): Trigger {
  const metadata: Record<string, RpcTypedData> = {
    QueueTrigger: { string: text },
    DequeueCount: { json: String(facts.dequeueCount) },
    Id: { string: facts.messageId },
    InsertionTime: { json: JSON.stringify(facts.insertedOn) },
    ExpirationTime: { json: JSON.stringify(facts.expiresOn) },
    NextVisibleTime: { json: JSON.stringify(facts.nextVisibleOn) },
    PopReceipt: { string: facts.popReceipt },
  };
  const content = parseJson(text);
  for (const [name, value] of Object.entries(isObject(content) ? content : {})) {
    if (Array.isArray(value) || value === null) continue;
    const same = Object.keys(metadata).find((key) => key.toLowerCase() === name.toLowerCase());
    metadata[same ?? name] = typeof value === 'string' ? { string: value } : { json: JSON.stringify(value) };
  }
  return { data: { string: text }, metadata };
}
