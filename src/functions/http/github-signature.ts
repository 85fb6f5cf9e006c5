/**
 * Authenticates GitHub by the HMAC-SHA256 of the body under a shared secret.
 * Source: GitHub documentation, "Validating webhook deliveries".
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * @param header X-Hub-Signature-256: `sha256=` and 64 hex digits
 * @param body the raw bytes of the request
 */
export function isSignedByGithub(header: string | null, body: Uint8Array, secret: string): boolean {
  const [, given] = /^sha256=([0-9a-f]{64})$/i.exec(header ?? '') ?? [];
  if (given === undefined) return false;
  const right = createHmac('sha256', secret).update(body).digest();
  return timingSafeEqual(right, Buffer.from(given, 'hex'));
}
