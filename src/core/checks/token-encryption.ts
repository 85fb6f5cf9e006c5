/**
 * Encrypts the tokens with which verdicts are sent, since they must be stored. AES-256-GCM with a new nonce for each text. The
 * check's id is authenticated data: a text that is copied to the row of another check cannot be decrypted.
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { UpstreamError } from '../runtime/errors.ts';

export interface TokenCipher {
  /** @param owner id of the check that the text belongs to; needed to decrypt it */
  encrypt(owner: string, text: string): string;
  /** Fails with `unauthorized` when it was encrypted with another key or for another owner, or has been changed. */
  decrypt(owner: string, encrypted: string): string;
}

const algorithm = 'aes-256-gcm';
const version = 'v1';
export const encryptionKeyBytes = 32;
/** 96 bits, as NIST SP 800-38D recommends for GCM. */
const nonceBytes = 12;
const tagBytes = 16;

/** @returns the key, or `undefined` when the text is not 32 bytes in base64 */
export function parseEncryptionKey(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length === encryptionKeyBytes ? key : undefined;
}

/** @param random returns that many unpredictable bytes, different each time */
export function tokenCipher(key: Uint8Array, random: (bytes: number) => Uint8Array): TokenCipher {
  const keyId = createHash('sha256').update('callback key ').update(key).digest('hex').slice(0, 8);
  const head = `${version}.${keyId}.`;
  const bindTo = (owner: string) => Buffer.from(head + owner);
  return {
    encrypt(owner, text) {
      const nonce = random(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(bindTo(owner));
      const parts = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
      return head + Buffer.concat(parts).toString('base64url');
    },
    decrypt(owner, encrypted) {
      if (!encrypted.startsWith(head)) throw cannotDecrypt('it was encrypted with another key');
      const bytes = Buffer.from(encrypted.slice(head.length), 'base64url');
      if (bytes.length < nonceBytes + tagBytes) throw cannotDecrypt('it is too short');
      const options = { authTagLength: tagBytes };
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), options)
        .setAAD(bindTo(owner))
        .setAuthTag(bytes.subarray(-tagBytes));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]).toString();
      } catch {
        // Without the cause: it says nothing more, and might quote the text.
        throw cannotDecrypt('it has been changed, or belongs to another check');
      }
    },
  };
}

function cannotDecrypt(reason: string): UpstreamError {
  return new UpstreamError('unauthorized', `a stored callback cannot be decrypted: ${reason}`, {
    hint: 'set CALLBACK_KEY back to what it was when the check came',
  });
}
