/**
 * Bytes as text without loss: what was sent can be sent again, except for the secrets, which are replaced by their
 * names.
 */
import type { Secrets } from './test-secrets.ts';

/**
 * A run of the same few letters is written as a number of repeats; one of millions in parts, since matching it takes
 * stack.
 */
const runs = /(.{1,6}?)\1{30,50000}/gs;

export function show(bytes: Buffer, secrets: Secrets): string {
  const redacted = secrets.redact(bytes.toString('latin1'));
  return redacted
    .replaceAll('\\', '\\\\')
    .replaceAll(runs, (run, unit: string) => `\u00ab${unit}\u00d7${run.length / unit.length}\u00bb`)
    .replaceAll(/[^\n\x20-\x7e\u00ab\u00bb\u00d7]/g, (letter) => escapeOf(letter))
    .replaceAll('\n', '\\n\n');
}

function escapeOf(letter: string): string {
  return letter === '\r' ? '\\r' : `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
