/**
 * Parses the answer as strictly as the standard says: a lenient parser would not notice an answer that another parser
 * on the way reads as two. Source: RFC 9112.
 */
export interface Answer {
  readonly status: number;
  /** Lower-case names, in the order they came. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

export interface Read {
  readonly answers: readonly Answer[];
  /** What is no HTTP. */
  readonly fault?: string;
  /** Bytes of an answer that has begun and not ended. */
  readonly rest: number;
}

const endOfHead = Buffer.from('\r\n\r\n');
const statusLine = /^HTTP\/1\.1 ([1-5]\d\d) [\t\x20-\x7e\x80-\xff]*$/;
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/;

/** Whether the answer has no body, whatever length it states. Empty lines before a request are no part of it. */
export function isHeadRequest(sent: Buffer): boolean {
  return /^[\r\n]*HEAD /.test(sent.toString('latin1', 0, 64));
}

/** @param isHead answers have a length and no body */
export function readAnswers(bytes: Buffer, isHead: boolean, isClosed: boolean): Read {
  const answers: Answer[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf(endOfHead, at);
    if (end < 0) return { answers, rest: bytes.length - at };
    const [first = '', ...lines] = bytes.toString('latin1', at, end).split('\r\n');
    const status = Number(statusLine.exec(first)?.[1]);
    const headers = lines.map((line) => headerLine.exec(line));
    const bad = Number.isNaN(status) ? first : lines[headers.indexOf(null)];
    if (bad !== undefined)
      return { answers, rest: 0, fault: `no line of an answer: ${JSON.stringify(bad.slice(0, 80))}` };
    const named = headers.map((found) => [found?.[1]?.toLowerCase() ?? '', found?.[2] ?? ''] as const);
    const body = readBody(
      bytes,
      end + endOfHead.length,
      named,
      isHead || status < 200 || status === 204 || status === 304,
      isClosed,
    );
    if (body === 'unfinished') return { answers, rest: bytes.length - at };
    if (typeof body === 'string') return { answers, rest: 0, fault: body };
    at = body.end;
    if (status >= 200) answers.push({ status, headers: named, body: body.content });
  }
}

type Body = { readonly content: Buffer; readonly end: number } | string;

function readBody(bytes: Buffer, at: number, headers: Answer['headers'], isBare: boolean, isClosed: boolean): Body {
  const lengths = headers.filter(([name]) => name === 'content-length').map(([, value]) => value);
  const isChunked = headers.some(([name, value]) => name === 'transfer-encoding' && value.toLowerCase() === 'chunked');
  if (lengths.length > 1 || (isChunked && lengths.length > 0)) return 'an answer of two lengths';
  if (isBare) return { content: Buffer.alloc(0), end: at };
  if (isChunked) return readChunks(bytes, at);
  const [length] = lengths;
  if (length === undefined) return isClosed ? { content: bytes.subarray(at), end: bytes.length } : 'unfinished';
  if (!/^\d+$/.test(length)) return `a length that is none: ${length}`;
  const end = at + Number(length);
  return bytes.length < end ? 'unfinished' : { content: bytes.subarray(at, end), end };
}

function readChunks(bytes: Buffer, from: number): Body {
  const parts: Buffer[] = [];
  let at = from;
  for (;;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return 'unfinished';
    const size = bytes.toString('latin1', at, line);
    if (!/^[0-9a-f]+$/i.test(size)) return `a chunk of no size: ${JSON.stringify(size.slice(0, 20))}`;
    const end = line + 2 + Number.parseInt(size, 16);
    if (bytes.length < end + 2) return 'unfinished';
    if (bytes.toString('latin1', end, end + 2) !== '\r\n') return 'a chunk that does not end where it says';
    if (end === line + 2) return { content: Buffer.concat(parts), end: end + 2 };
    parts.push(bytes.subarray(line + 2, end));
    at = end + 2;
  }
}

export function headerOf({ headers }: Answer, name: string): string | undefined {
  return headers.find(([one]) => one === name)?.[1];
}
