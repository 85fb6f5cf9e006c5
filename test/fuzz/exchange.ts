/**
 * Sends the bytes over a connection of their own and reads the answer. `fetch` would correct, refuse or follow half of
 * these requests.
 */
import { connect } from 'node:net';
import type { RawRequest } from './draft.ts';
import type { Answer } from './read-answers.ts';
import { headerOf, isHeadRequest, readAnswers } from './read-answers.ts';

export interface Exchange {
  readonly answers: readonly Answer[];
  /** All that came. */
  readonly bytes: Buffer;
  readonly ms: number;
  /** What is wrong with the exchange itself. */
  readonly faults: readonly string[];
  /** The client closed the connection before the end of a request that it had asked to be held. */
  readonly isLeft: boolean;
}

export interface HoldPolicy {
  /** After this the server is called hanging. */
  readonly boundMs: number;
  /** A request that may be held longer is left after this. */
  readonly leaveAfterMs: number;
  /** After this time without a byte, no more are expected. */
  readonly quietMs: number;
}

export const holdPolicy: HoldPolicy = { boundMs: 25_000, leaveAfterMs: 1_500, quietMs: 120 };

export function exchange(
  port: number,
  request: RawRequest,
  { boundMs, leaveAfterMs, quietMs }: HoldPolicy = holdPolicy,
): Promise<Exchange> {
  const { bytes, answers: wanted, isCut, holdMs } = request;
  const isHead = isHeadRequest(bytes);
  const startedAt = performance.now();
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.setNoDelay(true);
    let quiet: NodeJS.Timeout | undefined;
    let read = readAnswers(Buffer.alloc(0), isHead, false);
    let isEnded = false;

    function finish(isClosed: boolean, isLeft: boolean, fault?: string): void {
      clearTimeout(bound);
      clearTimeout(quiet);
      socket.removeAllListeners('close').removeAllListeners('end');
      const all = Buffer.concat(chunks);
      read = readAnswers(all, isHead, isClosed);
      const faults = [fault, read.fault, isClosed && read.rest > 0 ? 'an answer that was not finished' : undefined];
      if (isClosed && wanted !== undefined && read.answers.length < wanted && !isRefused(read.answers.at(-1))) {
        faults.push(`closed after ${read.answers.length} of ${wanted} answers`);
      }
      if (wanted !== undefined && read.answers.length > wanted)
        faults.push(`${read.answers.length} answers to ${wanted} requests`);
      const ms = performance.now() - startedAt;
      socket.resetAndDestroy();
      resolve({ answers: read.answers, bytes: all, ms, isLeft, faults: faults.filter((one) => one !== undefined) });
    }

    const leavesEarly = holdMs > leaveAfterMs;
    const bound = setTimeout(
      () => (leavesEarly ? finish(false, true) : finish(false, false, `nothing more for ${boundMs} ms: it hangs`)),
      leavesEarly ? leaveAfterMs : boundMs + holdMs * (wanted ?? 1),
    );
    /** Nothing more is expected: a server that keeps the connection open after this keeps it forever. */
    const sayEnd = () => {
      if (!isEnded) socket.end();
      isEnded = true;
    };
    const waitForQuiet = () => {
      clearTimeout(quiet);
      quiet = setTimeout(sayEnd, quietMs);
    };
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (wanted === undefined) return waitForQuiet();
      read = readAnswers(Buffer.concat(chunks), isHead, false);
      if (read.fault !== undefined || read.answers.length >= wanted) finish(false, false);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => finish(true, false));
    socket.on('end', () => finish(true, false));
    socket.write(bytes, () => {
      if (isCut) sayEnd();
      else if (wanted === undefined) waitForQuiet();
    });
  });
}

/**
 * A server that refuses a request as no HTTP cannot know where the next one begins, and says that it closes the
 * connection.
 */
function isRefused(answer: Answer | undefined): boolean {
  return answer !== undefined && [400, 431].includes(answer.status) && headerOf(answer, 'connection') === 'close';
}
