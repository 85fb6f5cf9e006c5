/** The id of a check: a hash of what is the same when its request is sent again; safe in keys, queues, logs and answers. */
import { hash } from 'node:crypto';
import type { CheckKind } from './check.ts';

export function checkId(kind: CheckKind, ...parts: readonly string[]): string {
  // As JSON: two different lists joined by a character could give the same text.
  return hash('sha256', JSON.stringify([kind, ...parts])).slice(0, 40);
}
