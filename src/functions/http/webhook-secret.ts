/**
 * Authenticates the services that send webhooks and alerts by a shared secret. Any of the configured secrets is
 * accepted, so that it can be changed region by region. The secrets are hashed because the constant-time comparison
 * needs equal lengths, and all are compared so that the time does not reveal which one matched.
 */
import { hash, timingSafeEqual } from 'node:crypto';

export interface WebhookAuth {
  /** @param header the Authorization header: `Bearer` and the secret */
  accepts(header: string | null): boolean;
  /** For senders that can only put a password into a URL: `Basic`, any user, the secret as password. */
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
