/**
 * Compares a secret somebody sent with the one expected, in a time that does not tell how much of it was right.
 */
import { hash, timingSafeEqual } from 'node:crypto';

export function isSameSecret(sent: string | readonly string[] | undefined, expected: string): boolean {
  if (typeof sent !== 'string') return false;
  // Hashes have one length, which is what the comparison asks for.
  return timingSafeEqual(hashed(sent), hashed(expected));
}

function hashed(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
