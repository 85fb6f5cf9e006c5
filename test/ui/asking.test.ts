/** The page's requests: how often, with which key, and how it handles every answer. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPoller, everyMs, maxPauseMs, pauseAfter } from '../../src/ui/poller.ts';
import { createTracker, Unanswered } from '../../src/ui/tracker.ts';

describe('the poller', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function start(outcome: () => 'answered' | 'failed' | 'wait') {
    const signals: AbortSignal[] = [];
    const tab = { isSeen: true };
    const poller = createPoller({
      ask: async (signal) => {
        signals.push(signal);
        return outcome();
      },
      isSeen: () => tab.isSeen,
      now: Date.now,
    });
    return { poller, tab, signals };
  }

  test('asks every two seconds', async () => {
    const { poller, signals } = start(() => 'answered');
    poller.poke();
    await vi.advanceTimersByTimeAsync(everyMs * 3 + 100);
    expect(signals).toHaveLength(4);
  });

  test('asks ever more seldom while nobody answers, and at the old pace after', async () => {
    let isUp = false;
    const { poller, signals } = start(() => (isUp ? 'answered' : 'failed'));
    poller.poke();
    await vi.advanceTimersByTimeAsync(62_000 - 100);
    expect(signals).toHaveLength(6);
    isUp = true;
    await vi.advanceTimersByTimeAsync(maxPauseMs);
    const asked = signals.length;
    await vi.advanceTimersByTimeAsync(everyMs * 2);
    expect(signals.length).toBe(asked + 2);
  });

  test('asks nothing in a tab that is not seen, and at once when it is', async () => {
    const { poller, tab, signals } = start(() => 'answered');
    poller.poke();
    await vi.advanceTimersByTimeAsync(100);
    tab.isSeen = false;
    poller.seen();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(signals).toHaveLength(1);
    tab.isSeen = true;
    poller.seen();
    expect(signals).toHaveLength(2);
  });

  test('waits until poke() is called', async () => {
    const { poller, signals } = start(() => 'wait');
    poller.poke();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(signals).toHaveLength(1);
  });

  test('forgets the question before', () => {
    const { poller, signals } = start(() => 'answered');
    poller.poke();
    poller.poke();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  test.each([
    [0, 10, 2_000],
    [0, 1_500, 6_000],
    [1, 10, 2_000],
    [2, 10, 4_000],
    [20, 10, 30_000],
  ])('after %d failures and an answer in %d ms: %d ms', (failures, took, pause) => {
    expect(pauseAfter(failures, took)).toBe(pause);
  });

  test.each([
    [3, 2_000],
    [4, 2_500],
    [100, 6_000],
  ])('after %d answers that say nothing new: %d ms', (unchanged, pause) => {
    expect(pauseAfter(0, 10, unchanged)).toBe(pause);
  });
});

describe('a question', () => {
  const base = 'https://tracker.example/api/';
  const signal = new AbortController().signal;

  async function ask(response: () => Response | Promise<Response>, key?: string) {
    const sent: Request[] = [];
    const tracker = createTracker({
      base,
      key: () => key,
      fetch: async (input, init) => {
        sent.push(new Request(input, init));
        return response();
      },
      now: () => 1_000_000,
    });
    const answer = await tracker
      .ask('images', { registry: 'contoso', state: undefined }, signal)
      .catch((e: unknown) => e);
    return { answer, request: sent[0], tracker };
  }

  test('carries the key in its header, and nowhere else', async () => {
    const { answer, request } = await ask(() => Response.json({ images: [] }), 'the-key');
    expect(answer).toEqual({ images: [] });
    expect(request?.url).toBe(`${base}images?registry=contoso`);
    expect(request?.headers.get('x-functions-key')).toBe('the-key');
  });

  test('carries no header without a key', async () => {
    const { request } = await ask(() => Response.json({}));
    expect(request?.headers.has('x-functions-key')).toBe(false);
  });

  const problem = (status: number) => () => Response.json({ detail: 'Because.' }, { status });
  test.each<[string, () => Response | Promise<Response>, string, string]>([
    ['401', () => new Response('', { status: 401 }), 'key', 'A function key is needed.'],
    ['403', () => new Response('', { status: 403 }), 'key', 'A function key is needed.'],
    ['400', problem(400), 'question', 'Because.'],
    ['404', () => new Response('', { status: 404 }), 'question', 'The tracker answered 404.'],
    ['429', problem(429), 'away', 'Because.'],
    ['503', problem(503), 'away', 'Because.'],
    ['502 in HTML', () => new Response('<html>', { status: 502 }), 'away', 'The tracker answered 502.'],
    ['a sign-in page', () => new Response('<html>'), 'away', 'The tracker cannot be reached.'],
    ['nothing', () => Promise.reject(new TypeError('fetch failed')), 'away', 'The tracker cannot be reached.'],
  ])('answered with %s', async (_title, response, refusal, message) => {
    const { answer } = await ask(response);
    expect(answer).toBeInstanceOf(Unanswered);
    expect(answer).toMatchObject({ refusal, message });
  });

  test('that has an answer already asks whether it still holds', async () => {
    const sent: Request[] = [];
    let body = 'one';
    const tracker = createTracker({
      base,
      key: () => undefined,
      fetch: async (input, init) => {
        const request = new Request(input, init);
        sent.push(request);
        const etag = `W/"${body}"`;
        if (request.headers.get('if-none-match') === etag)
          return new Response(null, { status: 304, headers: { etag } });
        return Response.json({ body }, { headers: { etag } });
      },
      now: () => 1_000_000,
    });
    const first = await tracker.ask('images', {}, signal);
    expect(await tracker.ask('images', {}, signal)).toBe(first);
    expect(tracker.changes()).toBe(1);
    body = 'two';
    expect(await tracker.ask('images', {}, signal)).toEqual({ body });
    expect(tracker.changes()).toBe(2);
    tracker.forget();
    await tracker.ask('images', {}, signal);
    expect(sent.map(({ headers }) => headers.get('if-none-match'))).toEqual([null, 'W/"one"', 'W/"one"', null]);
  });

  test('that nobody waits for any more ends with the signal, not as an outage', async () => {
    const stopping = new AbortController();
    const tracker = createTracker({
      base,
      key: () => undefined,
      fetch: async () => {
        stopping.abort(new Error('another view'));
        throw new TypeError('aborted');
      },
      now: Date.now,
    });
    await expect(tracker.ask('images', {}, stopping.signal)).rejects.toThrow('another view');
  });

  test('shows what time it is there', async () => {
    const headers = { date: new Date(1_060_000).toUTCString() };
    const { tracker } = await ask(() => Response.json({}, { headers }));
    expect(tracker.now()).toBe(1_060_000);
    const close = { date: new Date(1_001_000).toUTCString() };
    expect((await ask(() => Response.json({}, { headers: close }))).tracker.now()).toBe(1_000_000);
  });
});
