/** A stream as what rewrites lines in place needs it. */
import type { Output } from './cli-context.ts';

/** Some terminals say that they have no size at all; then nothing would ever be drawn. */
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
