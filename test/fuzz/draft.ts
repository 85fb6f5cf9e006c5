/**
 * A request before it becomes bytes: still in parts, so that signatures and wrong lengths can be made from the others.
 */
export interface Draft {
  readonly method: string;
  /** As in the request line; one character for each byte. */
  readonly target: string;
  readonly version: string;
  readonly headers: readonly Header[];
  readonly body: Buffer;
}

export type Header = readonly [name: string, value: string];

/** Exactly what is sent, and what may be expected of the answer. */
export interface RawRequest {
  readonly route: string;
  /** What is odd about it. */
  readonly note: string;
  /** Sent one after the other. */
  readonly bytes: Buffer;
  /** How many answers must come; `undefined` if the server may decide what this is, and may not answer. */
  readonly answers: number | undefined;
  /** The answer must be one of the app's own function, or a refusal of the key. */
  readonly isRouted: boolean;
  /** It ends in the middle: after it the client ends the connection. */
  readonly isCut: boolean;
  /** How long the server may hold it, by its own parameters. */
  readonly holdMs: number;
  /** What a webhook with the right secret reported; only this may change what is known. */
  readonly delivery?: { readonly target: string; readonly body: string } | undefined;
}

export function findHeader(headers: readonly Header[], name: string): string | undefined {
  return headers.find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];
}

export function toBytes({ method, target, version, headers, body }: Draft): Buffer {
  const lines = [`${method} ${target} ${version}`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/** With the length that the body has. */
export function withLength(draft: Draft): Draft {
  const isNeeded = draft.body.length > 0 || draft.method === 'POST';
  return isNeeded ? { ...draft, headers: [...draft.headers, ['Content-Length', String(draft.body.length)]] } : draft;
}
