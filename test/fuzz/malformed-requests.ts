/**
 * Changes of a request below its meaning: other methods and versions, wrong lengths, two requests in one, and bytes
 * that are hardly HTTP. Each says how many answers must come; where the standard lets the server decide, none is
 * required, but the connection must end and no other request may be affected.
 */
import fc from 'fast-check';
import type { Draft, Header, RawRequest } from './draft.ts';
import { toBytes, withLength } from './draft.ts';

export interface Shaped extends Pick<RawRequest, 'note' | 'bytes' | 'answers'> {
  /** The path and method are still the operation's. */
  readonly isRouted: boolean;
  readonly isCut: boolean;
}

type Shape = (draft: Draft, at: number) => Shaped;

const fine = { answers: 1, isRouted: true, isCut: false };
const open = { answers: undefined, isRouted: false, isCut: false };
const add = (draft: Draft, ...headers: Header[]): Draft => ({ ...draft, headers: [...draft.headers, ...headers] });
const lastChunk = Buffer.from('0\r\n\r\n');
const chunk = (body: Buffer, size = body.length.toString(16)) =>
  body.length === 0 ? lastChunk : Buffer.concat([Buffer.from(`${size}\r\n`), body, Buffer.from('\r\n'), lastChunk]);

export const plain: Shape = (draft) => ({ note: '', bytes: toBytes(withLength(draft)), ...fine });

/** Well-formed, and unusual. */
const unusual: Readonly<Record<string, (draft: Draft) => Draft>> = {
  'gzip that is none': (draft) => add(draft, ['Content-Encoding', 'gzip']),
  'a body in a strange type': (draft) => add(draft, ['Content-Type', 'text/plain; charset=utf-7']),
  'expects to be asked for the body': (draft) => add(draft, ['Expect', '100-continue']),
  'two hundred headers': (draft) => add(draft, ...Array.from({ length: 200 }, (_, i): Header => [`X-Many-${i}`, 'a'])),
  'a header of 20 kB': (draft) => add(draft, ['X-Huge', 'a'.repeat(20_000)]),
  'names of every object as headers': (draft) =>
    add(draft, ['__proto__', 'x'], ['constructor', 'x'], ['toString', 'x'], ['hasOwnProperty', 'x']),
  'claims of a proxy': (draft) =>
    add(
      draft,
      ['X-Forwarded-Host', 'evil.example'],
      ['X-Original-URL', '/admin'],
      ['X-HTTP-Method-Override', 'DELETE'],
    ),
  'claims of the platform': (draft) =>
    add(draft, ['x-ms-client-principal', 'e30='], ['x-ms-invocation-id', 'mine'], ['x-request-id', 'mine']),
  'a trace that is none': (draft) => add(draft, ['traceparent', '00-zz-__proto__-ff'], ['tracestate', 'a=b,,=']),
  'a range': (draft) => add(draft, ['Range', 'bytes=0-1,5-'], ['If-None-Match', '*, "x", W/"__proto__"']),
};

const methods = ['HEAD', 'PUT', 'OPTIONS', 'TRACE', 'PATCH', 'DELETE', 'PROPFIND', 'SEARCH', 'M-SEARCH'];

const answered: Readonly<Record<string, Shape>> = {
  ...Object.fromEntries(
    methods.map((method): [string, Shape] => [
      `method ${method}`,
      (draft) => ({ ...plain({ ...draft, method }, 0), isRouted: false }),
    ]),
  ),
  'HTTP/1.0': (draft) => plain({ ...draft, version: 'HTTP/1.0' }, 0),
  'an absolute address': (draft) => ({ ...plain({ ...draft, target: `http://evil.example:80${draft.target}` }, 0) }),
  'lines before the request': (draft) => {
    const { bytes } = plain(draft, 0);
    return { ...fine, note: '', bytes: Buffer.concat([Buffer.from('\r\n\r\n'), bytes]) };
  },
  chunked: (draft) => ({
    note: '',
    bytes: toBytes({ ...add(draft, ['Transfer-Encoding', 'chunked']), body: chunk(draft.body) }),
    ...fine,
  }),
  'three at once': (draft) => {
    const { bytes } = plain(draft, 0);
    return { ...fine, note: '', bytes: Buffer.concat([bytes, bytes, bytes]), answers: 3 };
  },
  'an unknown expectation': (draft) => ({ ...plain(add(draft, ['Expect', 'a-wonder']), 0), isRouted: false }),
};

const lengths = ['+5', '0x5', '-1', '5, 5', '5,6', '99999999999999999999', '1e3', '', ' ', '5 5'];
const encodings = [
  'chunked, identity',
  'xchunked',
  'chunked\t',
  'identity',
  ' chunked',
  'gzip, chunked',
  '\u000bchunked',
];
const hosts = ['', 'a b', 'evil.example/..', '[::1', 'ex%41mple:99999', '__proto__', 'a'.repeat(5_000)];
const smuggled = 'GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n';

const undecided: Readonly<Record<string, (draft: Draft, at: number) => Buffer>> = {
  'length and chunks': (draft) =>
    toBytes({
      ...add(draft, ['Content-Length', String(draft.body.length)], ['Transfer-Encoding', 'chunked']),
      body: Buffer.concat([chunk(draft.body), Buffer.from(smuggled)]),
    }),
  'chunks and length': (draft) =>
    toBytes({
      ...add(draft, ['Transfer-Encoding', 'chunked'], ['Content-Length', '4']),
      body: Buffer.from(`0\r\n\r\n${smuggled}`),
    }),
  'two lengths': (draft) => toBytes(add(withLength(draft), ['Content-Length', String(draft.body.length + 7)])),
  'a length that is none': (draft, at) => toBytes(add(draft, ['Content-Length', lengths[at % lengths.length] ?? ''])),
  'a length too short': (draft) =>
    toBytes({ ...add(draft, ['Content-Length', '1']), body: Buffer.concat([draft.body, Buffer.from(smuggled)]) }),
  'an encoding that is none': (draft, at) =>
    toBytes({ ...add(draft, ['Transfer-Encoding', encodings[at % encodings.length] ?? '']), body: chunk(draft.body) }),
  'a chunk with a wrong size': (draft, at) =>
    toBytes({
      ...add(draft, ['Transfer-Encoding', 'chunked']),
      body: chunk(draft.body, ['ffffffffffffffff', '-1', '0x3', '3;ext="', '', 'g', '1\n'][at % 7]),
    }),
  'a strange host': (draft, at) =>
    toBytes(withLength({ ...draft, headers: [['Host', hosts[at % hosts.length] ?? ''], ...draft.headers.slice(1)] })),
  'no host': (draft) => toBytes(withLength({ ...draft, headers: draft.headers.slice(1) })),
  'two hosts': (draft) => toBytes(withLength(add(draft, ['Host', 'evil.example']))),
  'a header of 40 kB': (draft) => toBytes(withLength(add(draft, ['X-Huge', 'a'.repeat(40_000)]))),
  'an address of 60 kB': (draft) => toBytes(withLength({ ...draft, target: `${draft.target}?${'a'.repeat(60_000)}` })),
  'three thousand headers': (draft) =>
    toBytes(withLength(add(draft, ...Array.from({ length: 3_000 }, (_, i): Header => [`m${i}`, ''])))),
  'an upgrade': (draft) => toBytes(withLength(add(draft, ['Connection', 'Upgrade'], ['Upgrade', 'websocket']))),
  'another protocol': () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  'an address alone': (draft) => Buffer.from(`GET ${draft.target}\r\n`, 'latin1'),
  'a strange version': (draft) => toBytes(withLength({ ...draft, version: 'HTTP/9.9' })),
  'a strange method': (draft, at) =>
    toBytes(withLength({ ...draft, method: ['get', 'FOO', 'CONNECT', '__proto__', 'GET\t', ''][at % 6] ?? '' })),
  'a header in a header': (draft) => toBytes(withLength(add(draft, ['X-A', 'b\r\nX-Injected: yes']))),
  'a broken header': (draft, at) =>
    toBytes(
      withLength(
        add(
          draft,
          (
            [
              ['X-A', 'b\nX-B: c'],
              ['X-A', 'b\rc'],
              ['X-A ', 'b'],
              ['', 'b'],
              ['X-A', 'a\0b'],
              ['X-A', '\r\n folded'],
            ] as const
          )[at % 6] ?? ['', ''],
        ),
      ),
    ),
  'hardly anything': (_draft, at) =>
    Buffer.from(['\0', '\x16\x03\x01\x02\x00\x01\x00', 'GET', '\n\n\n', ' / HTTP/1.1\r\n\r\n'][at % 5] ?? '', 'latin1'),
};

const all: readonly (readonly [string, Shape])[] = [
  ...Object.entries(unusual).map(([note, change]): [string, Shape] => [note, (draft) => plain(change(draft), 0)]),
  ...Object.entries(answered),
  ...Object.entries(undecided).map(([note, make]): [string, Shape] => [
    note,
    (draft, at) => ({ note, bytes: make(draft, at), ...open }),
  ]),
  [
    'cut off',
    (draft, at) => {
      const { bytes } = plain(draft, 0);
      return { ...open, note: '', bytes: bytes.subarray(0, at % bytes.length), isCut: true };
    },
  ],
  [
    'a length too long',
    (draft) => ({
      ...open,
      note: '',
      bytes: toBytes(add(draft, ['Content-Length', String(draft.body.length + 9)])),
      isCut: true,
    }),
  ],
];

const odd = fc.tuple(fc.constantFrom(...all), fc.nat(1_000_000)).map(
  ([[note, shape], at]) =>
    (draft: Draft): Shaped => ({ ...shape(draft, at), note }),
);

export const shaping: fc.Arbitrary<(draft: Draft) => Shaped> = fc.oneof(
  { weight: 8, arbitrary: fc.constant((draft: Draft) => plain(draft, 0)) },
  { weight: 2, arbitrary: odd },
);
