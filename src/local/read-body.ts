/**
 * Reads a request body into memory with a bound, because without one a single request could take all of it. A body
 * over the bound is still read to its end, unkept: closing the connection in the middle would show the sender a broken
 * pipe where it should see the status.
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
