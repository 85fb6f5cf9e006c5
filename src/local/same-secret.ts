/** Compares a received secret with the expected one in constant time. */
import { hash, timingSafeEqual } from 'node:crypto';

export function isSameSecret(sent: string | readonly string[] | undefined, expected: string): boolean {
  if (typeof sent !== 'string') return false;
  // Hashes have equal lengths, which the comparison requires.
  return timingSafeEqual(hashed(sent), hashed(expected));
}

function hashed(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
