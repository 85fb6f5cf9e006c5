/**
 * Reports unknown fields in an entry of a JSON setting. Ignored silently, `"verfy": "deep"` would switch verification
 * off.
 */
import { nearest } from '../core/runtime/nearest.ts';
import { quote } from '../core/runtime/parsed.ts';
import type { Fault } from './values.ts';

/** The field's value is not shown: it may be a secret. */
export function checkFields(
  setting: string,
  place: number,
  entry: unknown,
  known: readonly string[],
  fault: Fault,
): void {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return;
  for (const name of Object.keys(entry).filter((one) => !known.includes(one))) {
    const shown = quote(name);
    fault(
      setting,
      `${place}.${shown.slice(1, -1)}: is not a field of an entry; the nearest is "${nearest(name, known)}" (got ${shown})`,
    );
  }
}
