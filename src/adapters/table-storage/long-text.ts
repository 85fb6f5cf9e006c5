/**
 * Text of any length in table properties. One string property holds at most 32 Ki UTF-16 characters; a digest with
 * very many tags or regions would be refused, and its facts with it.
 */
const chunkLength = 32_000;

/** @returns properties `name`, `name1`, `name2` … */
export function splitText(name: string, text: string): Record<string, string> {
  const chunks: Record<string, string> = {};
  for (let i = 0; i * chunkLength < text.length || i === 0; i++) {
    chunks[i === 0 ? name : `${name}${i}`] = text.slice(i * chunkLength, (i + 1) * chunkLength);
  }
  return chunks;
}

export function joinText(name: string, row: Record<string, unknown>): string {
  let text = '';
  for (let i = 0; ; i++) {
    const chunk = row[i === 0 ? name : `${name}${i}`];
    if (typeof chunk !== 'string') return text;
    text += chunk;
  }
}
