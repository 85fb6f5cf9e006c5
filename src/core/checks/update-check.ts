/** Changes a stored check: reads it, decides, writes it, and starts again when another instance has written first. */

import { UpstreamError } from '../runtime/errors.ts';
import type { Check } from './check.ts';
import type { CheckStore } from './ports.ts';

const maxAttempts = 10;

/**
 * @param change what it becomes; `undefined` leaves it as it is
 * @returns the check as it is stored afterwards and whether it was changed; `undefined` when there is none
 */
export async function updateCheck(
  store: CheckStore,
  id: string,
  change: (check: Check) => Check | undefined | Promise<Check | undefined>,
): Promise<{ readonly check: Check; readonly isChanged: boolean } | undefined> {
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const stored = await store.read(id);
    if (stored === undefined) return undefined;
    const changed = await change(stored.check);
    if (changed === undefined) return { check: stored.check, isChanged: false };
    if ((await store.replace(changed, stored.version)) === 'replaced') return { check: changed, isChanged: true };
  }
  throw new UpstreamError('conflict', `check ${id}: overtaken ${maxAttempts} times`);
}
