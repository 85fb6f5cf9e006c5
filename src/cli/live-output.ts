/** A stream with the size that rewriting lines needs. */
import type { Output } from './cli-context.ts';

/** Some terminals report a size of zero; then nothing would ever be drawn. */
export function withSize(output: Output): NodeJS.WriteStream {
  const sized = {
    isTTY: true,
    write: (text: string) => output.write(text),
    get columns() {
      return output.columns || 80;
    },
    get rows() {
      return output.rows || 24;
    },
  };
  return sized as unknown as NodeJS.WriteStream;
}
