/**
 * Text of any length in table properties. One string property holds 32 Ki UTF-16 characters and one row 1 MiB (Table
 * service REST documentation), so longer text is compressed and split into binary properties. A digest with very many
 * tags and regions repeats the same names far apart, which fits into Brotli's window.
 */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

const maxCharacters = 32_000;
const maxBytes = 65_536;
const packed = 'Packed';

const { BROTLI_PARAM_LGWIN, BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;

/** @returns one property `name`, or `namePacked0`, `namePacked1` … */
export function splitText(name: string, text: string): Record<string, string | Uint8Array> {
  if (text.length <= maxCharacters) return { [name]: text };
  const bytes = brotliCompressSync(text, {
    params: { [BROTLI_PARAM_QUALITY]: 5, [BROTLI_PARAM_LGWIN]: 24, [BROTLI_PARAM_SIZE_HINT]: text.length },
  });
  const count = Math.ceil(bytes.length / maxBytes);
  const chunks = Array.from({ length: count }, (_, i) => bytes.subarray(i * maxBytes, (i + 1) * maxBytes));
  return Object.fromEntries(chunks.map((chunk, i) => [`${name}${packed}${i}`, chunk]));
}

export function joinText(name: string, row: Record<string, unknown>): string {
  const text = row[name];
  if (typeof text === 'string') return text;
  const chunks: Uint8Array[] = [];
  for (let i = 0; ; i++) {
    const chunk = row[`${name}${packed}${i}`];
    if (!(chunk instanceof Uint8Array)) return brotliDecompressSync(Buffer.concat(chunks)).toString();
    chunks.push(chunk);
  }
}
