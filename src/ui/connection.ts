/**
 * Shows whether the tracker answers, on screen and to screen readers: a small line while it does, a banner while it
 * does not.
 */
import { part, setAttribute, setHidden, setText } from './dom.ts';
import { momentText, visible } from './format.ts';

export interface Connection {
  answered(): void;
  /** @param reason the tracker's message, if it sent one */
  lost(reason: string): void;
  /** The tracker refused the request. */
  refused(reason: string): void;
  /** No requests are sent until the reader enters a key. */
  waiting(): void;
  isLost(): boolean;
}

/** @param now milliseconds since 1970 by the reader's clock */
export function createConnection(now: () => number): Connection {
  const line = part('connection');
  const banner = part('banner');
  const text = part('banner-text');
  const problem = part('problem');
  let lastAnswerAt: number | undefined;
  let isLost = false;

  function show(state: 'live' | 'lost' | 'waiting', words: string): void {
    setAttribute(line, 'class', `connection is-${state}`);
    setText(line, words);
    isLost = state === 'lost';
    if (!isLost) setHidden(banner, true);
  }

  return {
    answered() {
      lastAnswerAt = now();
      show('live', 'Live');
      setHidden(problem, true);
    },
    lost(reason) {
      show('lost', 'Unreachable');
      const since = lastAnswerAt === undefined ? '' : ` What you see is from ${momentText(lastAnswerAt, now())}.`;
      setText(text, `${visible(reason)}${since} The page asks again, at growing intervals.`);
      setHidden(banner, false);
    },
    refused(reason) {
      show('live', 'Live');
      setText(problem, visible(reason));
      setHidden(problem, false);
    },
    waiting: () => show('waiting', 'Waiting for a key'),
    isLost: () => isLost,
  };
}
