/** Names a check after what makes its request the same when it is sent again; safe in keys, queues, logs and answers. */
import { hash } from 'node:crypto';
import type { CheckKind } from './check.ts';

export function checkId(kind: CheckKind, ...parts: readonly string[]): string {
  // As JSON: joined by any character, two different lists could read the same.
  return hash('sha256', JSON.stringify([kind, ...parts])).slice(0, 40);
}
