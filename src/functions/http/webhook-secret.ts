/**
 * Authenticates the services that send webhooks and alerts: by a secret that both sides know. Any one of the secrets is
 * accepted, so that it can be changed region by region. Hashed first: equal lengths are what the constant-time comparison
 * needs, and all are compared so that the time does not tell which one was near.
 */
import { hash, timingSafeEqual } from 'node:crypto';

export interface WebhookAuth {
  /** @param header the Authorization header: `Bearer` and the secret */
  accepts(header: string | null): boolean;
  /** For senders that can only put a password into an address: `Basic`, any user, the secret as password. */
  acceptsBasic(header: string | null): boolean;
}

export function webhookAuth(secrets: readonly string[]): WebhookAuth {
  const hashes = secrets.map(hashed);

  function isSecret(given: string | undefined): boolean {
    const sought = hashed(given ?? '');
    const matches = hashes.filter((one) => timingSafeEqual(one, sought));
    return given !== undefined && matches.length > 0;
  }

  return {
    accepts(header) {
      const [, given] = /^bearer +(.+)$/i.exec(header ?? '') ?? [];
      return isSecret(given);
    },
    acceptsBasic(header) {
      const [, encoded] = /^basic +([A-Za-z0-9+/_-]+={0,2})$/i.exec(header ?? '') ?? [];
      const credentials = Buffer.from(encoded ?? '', 'base64').toString('utf8');
      const colon = credentials.indexOf(':');
      return isSecret(colon < 0 ? undefined : credentials.slice(colon + 1));
    },
  };
}

function hashed(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
