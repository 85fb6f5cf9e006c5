/** Whether the tracker answers, for eyes and ears: a small line while it does, a banner once it does not. */
import { part, setAttribute, setHidden, setText } from './dom.ts';
import { momentText, visible } from './format.ts';

export interface Connection {
  answered(): void;
  /** @param reason in the tracker's own words, where it has any */
  lost(reason: string): void;
  /** The question was not taken. */
  refused(reason: string): void;
  /** Nothing is asked: a key is waited for. */
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
