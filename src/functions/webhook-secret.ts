/**
 * The lock of the doors that others' services knock at: a secret that both sides know. Any one of the secrets opens, so
 * that it can be changed region by region. Hashed first: equal lengths are what the constant-time comparison needs, and
 * all are compared so that the time does not tell which one was near.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

/** @param header the Authorization header: `Bearer` and the secret */
export function isAuthorized(header: string | null, secrets: readonly string[]): boolean {
  const [, given] = /^bearer +(.+)$/i.exec(header ?? '') ?? [];
  return isSecret(given, secrets);
}

/** For senders that can only put a password into an address: `Basic`, any user, the secret as password. */
export function isAuthorizedByPassword(header: string | null, secrets: readonly string[]): boolean {
  const [, encoded] = /^basic +([A-Za-z0-9+/_-]+={0,2})$/i.exec(header ?? '') ?? [];
  const credentials = Buffer.from(encoded ?? '', 'base64').toString('utf8');
  const colon = credentials.indexOf(':');
  return isSecret(colon < 0 ? undefined : credentials.slice(colon + 1), secrets);
}

function isSecret(given: string | undefined, secrets: readonly string[]): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  const matches = secrets.filter((secret) => timingSafeEqual(hash(secret), hash(given ?? '')));
  return given !== undefined && matches.length > 0;
}
