/**
 * Reads a request body into memory, up to a limit, since a single request could otherwise fill it. A larger body is
 * read to its end and discarded: closing the connection earlier would show the sender a broken pipe instead of the
 * status.
 */
import type { IncomingMessage } from 'node:http';

export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | 'tooLarge'> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) {
    request.resume();
    return 'tooLarge';
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limitBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size > limitBytes ? 'tooLarge' : Buffer.concat(chunks, size);
}
