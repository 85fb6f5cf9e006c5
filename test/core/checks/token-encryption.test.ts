import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseEncryptionKey, tokenCipher } from '../../../src/core/checks/token-encryption.ts';

const key = Buffer.alloc(32, 7);
const one = tokenCipher(key, randomBytes);
const refused = expect.objectContaining({ code: 'unauthorized', hint: expect.stringContaining('CALLBACK_KEY') });

/** The error of a decryption that fails. */
function attempt(decrypt: () => string): unknown {
  try {
    return decrypt();
  } catch (error) {
    return error;
  }
}

test('what was encrypted is decrypted for the same owner, whatever it holds', () => {
  for (const text of ['', 'token', 'ünïcode 🔑', 'x'.repeat(20_000)]) {
    expect(one.decrypt('check-1', one.encrypt('check-1', text))).toBe(text);
  }
});

test('nothing of it can be read, and no two encryptions are the same', () => {
  const encryptions = Array.from({ length: 50 }, () => one.encrypt('check-1', 'a-secret-token'));
  expect(new Set(encryptions).size).toBe(50);
  expect(new Set(encryptions.map((encrypted) => encrypted.split('.')[2]?.slice(0, 16))).size).toBe(50);
  for (const encrypted of encryptions) {
    const [version, keyId, body = ''] = encrypted.split('.');
    expect([version, keyId]).toEqual(['v1', expect.stringMatching(/^[0-9a-f]{8}$/)]);
    expect(Buffer.from(body, 'base64url').toString('latin1')).not.toContain('secret');
    expect(Buffer.from(body, 'base64url')).toHaveLength(12 + 'a-secret-token'.length + 16);
    expect(encrypted).not.toContain(key.toString('hex').slice(0, 8));
  }
});

test('the nonce is what it was given', () => {
  const fixed = tokenCipher(key, (bytes) => Buffer.alloc(bytes, 1));
  expect(Buffer.from(fixed.encrypt('a', 'b').split('.')[2] ?? '', 'base64url').subarray(0, 12)).toEqual(
    Buffer.alloc(12, 1),
  );
});

describe('is refused', () => {
  const encrypted = one.encrypt('check-1', 'a-secret-token');

  test('in the row of another check', () => {
    expect(attempt(() => one.decrypt('check-2', encrypted))).toEqual(refused);
    expect(attempt(() => one.decrypt('', encrypted))).toEqual(refused);
  });

  test('under another key', () => {
    const other = tokenCipher(Buffer.alloc(32, 8), randomBytes);
    expect(attempt(() => other.decrypt('check-1', encrypted))).toEqual(refused);
    // Even when it claims to be of this key.
    const [, otherId] = other.encrypt('x', 'y').split('.');
    const [version, , body] = encrypted.split('.');
    expect(attempt(() => other.decrypt('check-1', [version, otherId, body].join('.')))).toEqual(refused);
  });

  test('with any byte changed', () => {
    const [version, keyId, body = ''] = encrypted.split('.');
    const bytes = Buffer.from(body, 'base64url');
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] ?? 0) ^ 1;
      const text = [version, keyId, changed.toString('base64url')].join('.');
      expect(attempt(() => one.decrypt('check-1', text))).toEqual(refused);
    }
  });

  test.each([
    '',
    'v1',
    'v1..',
    encrypted.slice(0, -4),
    encrypted.slice(0, 20),
    encrypted.replace('v1', 'v2'),
    'plain text',
  ])('as %s', (text) => {
    expect(attempt(() => one.decrypt('check-1', text))).toEqual(refused);
  });

  test('and says nothing of what it holds', () => {
    const error = attempt(() => one.decrypt('check-2', encrypted)) as Error;
    expect(JSON.stringify([error.message, error.cause ?? null])).not.toContain(encrypted.split('.')[2]);
    expect(error.cause).toBeUndefined();
  });
});

describe('keys', () => {
  test.each([key.toString('base64'), key.toString('base64url'), key.toString('base64').replace('=', '')])(
    '%s is one',
    (text) => {
      expect(Buffer.from(parseEncryptionKey(text) ?? '')).toEqual(key);
    },
  );

  test.each([
    '',
    'short',
    Buffer.alloc(31).toString('base64'),
    Buffer.alloc(33).toString('base64'),
    key.toString('hex'),
    `${key.toString('base64')}\n`,
    `${'!'.repeat(43)}=`,
  ])('%j is none', (text) => {
    expect(parseEncryptionKey(text)).toBeUndefined();
  });
});
