/** The bytes of a body: JSON from the schema, JSON with something done to it, and what is no JSON at all. */
import fc from 'fast-check';
import type { JsonSchema } from './description.ts';
import type { Resolve } from './from-schema.ts';
import { changedTree, validTree } from './from-schema.ts';
import { deepTree, oddTree, write } from './json-tree.ts';
import type { Vocabulary } from './words.ts';

/** What the routes allow, and one byte more. */
const limits = [16, 64, 256, 1_024].flatMap((kibibytes) => [kibibytes * 1_024, kibibytes * 1_024 + 1]);
const huge = 10_000_000;

type Change = (bytes: Buffer, at: number) => Buffer;

const changes: readonly Change[] = [
  (bytes, at) => bytes.subarray(0, at),
  (bytes) => Buffer.concat([Buffer.from('\ufeff'), bytes]),
  (bytes, at) => Buffer.concat([bytes.subarray(0, at), Buffer.from([0xff, 0xc0, 0x80]), bytes.subarray(at)]),
  (bytes, at) => Buffer.concat([bytes.subarray(0, at), Buffer.from([0]), bytes.subarray(at)]),
  (bytes) => Buffer.from(bytes.toString('utf8'), 'utf16le'),
  (bytes) => Buffer.concat([bytes, bytes]),
  (bytes) => Buffer.from(bytes.toString('utf8').replaceAll('"', "'")),
  (bytes) => Buffer.from(bytes.toString('utf8').replaceAll(',', ',,')),
  (bytes) => Buffer.from(bytes.toString('base64')),
];

/** White space in front of JSON is JSON. */
function pad(bytes: Buffer, size: number): Buffer {
  return bytes.length >= size ? bytes : Buffer.concat([Buffer.alloc(size - bytes.length, ' '), bytes]);
}

const noJson = fc.oneof(
  fc
    .constantFrom('', ' ', '{', '"', 'null', '[]', 'a=1&b=2', '<xml/>', '{}{}', '\u0000', '{"__proto__":null}')
    .map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

export function bodyBytes(schema: JsonSchema, words: Vocabulary, resolve: Resolve): fc.Arbitrary<Buffer> {
  const good = validTree(schema, 'body', words, resolve);
  const toBuffer = (trees: typeof good) => trees.map((tree) => Buffer.from(write(tree)));
  const right = toBuffer(good);
  const changed = fc
    .tuple(right, fc.constantFrom(...changes), fc.nat(100_000))
    .map(([bytes, change, at]) => change(bytes, at % Math.max(1, bytes.length)));
  return fc.oneof(
    { weight: 400, arbitrary: right },
    { weight: 300, arbitrary: toBuffer(changedTree(good)) },
    { weight: 100, arbitrary: toBuffer(changedTree(changedTree(changedTree(good)))) },
    { weight: 30, arbitrary: toBuffer(oddTree) },
    { weight: 60, arbitrary: noJson },
    { weight: 100, arbitrary: changed },
    { weight: 30, arbitrary: fc.tuple(right, fc.constantFrom(...limits)).map(([bytes, size]) => pad(bytes, size)) },
    { weight: 4, arbitrary: toBuffer(deepTree) },
    { weight: 2, arbitrary: right.map((bytes) => pad(bytes, huge)) },
  );
}
