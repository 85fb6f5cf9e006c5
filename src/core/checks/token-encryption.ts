/**
 * Keeps what must be stored and may be read by nobody: the tokens with which verdicts are sent. AES-256-GCM, each time
 * under a new nonce, and bound to the check it belongs to: moved to another row, a sealed text opens no more.
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { UpstreamError } from '../runtime/errors.ts';

export interface TokenCipher {
  /** @param owner what the text belongs to; only with the same can it be opened */
  seal(owner: string, text: string): string;
  /** Fails with `unauthorized` when it was sealed with another key, for another owner, or has been changed. */
  open(owner: string, sealed: string): string;
}

const algorithm = 'aes-256-gcm';
const version = 'v1';
export const sealingKeyBytes = 32;
/** What GCM is made for: 96 bits. */
const nonceBytes = 12;
const tagBytes = 16;

/** @returns the key, or `undefined` when the text is not 32 bytes in base64 */
export function parseSealingKey(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length === sealingKeyBytes ? key : undefined;
}

/** @param random that many bytes that nobody can foretell, and never the same twice */
export function tokenCipher(key: Uint8Array, random: (bytes: number) => Uint8Array): TokenCipher {
  const keyId = createHash('sha256').update('callback key ').update(key).digest('hex').slice(0, 8);
  const head = `${version}.${keyId}.`;
  const bindTo = (owner: string) => Buffer.from(head + owner);
  return {
    seal(owner, text) {
      const nonce = random(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(bindTo(owner));
      const sealed = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
      return head + Buffer.concat(sealed).toString('base64url');
    },
    open(owner, sealed) {
      if (!sealed.startsWith(head)) throw cannotOpen('it was sealed with another key');
      const bytes = Buffer.from(sealed.slice(head.length), 'base64url');
      if (bytes.length < nonceBytes + tagBytes) throw cannotOpen('it is too short');
      const options = { authTagLength: tagBytes };
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), options)
        .setAAD(bindTo(owner))
        .setAuthTag(bytes.subarray(-tagBytes));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]).toString();
      } catch {
        // The cause says nothing more; it is left out rather than looked through.
        throw cannotOpen('it has been changed, or belongs to another check');
      }
    },
  };
}

function cannotOpen(reason: string): UpstreamError {
  return new UpstreamError('unauthorized', `a stored callback cannot be opened: ${reason}`, {
    hint: 'set CALLBACK_KEY back to what it was when the check came',
  });
}
