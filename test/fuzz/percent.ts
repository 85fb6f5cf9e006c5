/**
 * The many ways to write one text into an address. What two readers decode differently (the front end and the app, the
 * router and the function) is where a check is walked around.
 */
import fc from 'fast-check';

export type Writing = (text: string) => string;

const byteByByte = (text: string, keep: RegExp) =>
  [...Buffer.from(text, 'utf8').toString('latin1')]
    .map((byte) => (keep.test(byte) ? byte : `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`))
    .join('');

const plain: Writing = (text) => byteByByte(text, /[\w.~!*'():@,-]/);
const everyByte: Writing = (text) => byteByByte(text, /(?!)/);
const upper: Writing = (text) => plain(text).replaceAll(/%../g, (found) => found.toUpperCase());
const twice: Writing = (text) => plain(plain(text));
const plusForSpace: Writing = (text) => plain(text).replaceAll('%20', '+');
/** As UTF-8 on the wire; what would end the line stays escaped. */
const unescaped: Writing = (text) =>
  Buffer.from(text, 'utf8')
    .toString('latin1')
    .replaceAll(/[^!"$-%'->@-~\x80-\xff]/g, (byte) => plain(byte));
const overlong: Writing = (text) =>
  plain(text).replaceAll(/%2f|\.|%00/gi, (found) => (found === '.' ? '%c0%ae' : '%c0%af'));
const broken: Writing = (text) => `${plain(text)}%`;
const cut: Writing = (text) => `${plain(text)}%e2%82`;
const surrogate: Writing = (text) => `${plain(text)}%ed%a0%80`;
const legacy: Writing = (text) => `${plain(text)}%u0041`;

export const writing: fc.Arbitrary<Writing> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(plain) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      everyByte,
      upper,
      twice,
      plusForSpace,
      unescaped,
      overlong,
      broken,
      cut,
      surrogate,
      legacy,
    ),
  },
);
