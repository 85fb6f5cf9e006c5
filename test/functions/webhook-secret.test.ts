/** The lock of the doors: any of the secrets opens, whole, and nothing else does. */
import { describe, expect, test } from 'vitest';
import { webhookLock } from '../../src/functions/http/webhook-secret.ts';

const [first, second] = ['the-first-secret-of-the-tests', 'the-second-secret-of-the-tests'];
const lock = webhookLock([first, second]);
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;

describe.each([first, second])('%s', (secret) => {
  test('opens', () => {
    expect(lock.opens(`Bearer ${secret}`)).toBe(true);
    expect(lock.acceptsBasic(basic(`anybody:${secret}`))).toBe(true);
  });

  test.each([
    secret.slice(0, 8),
    secret.slice(0, -1),
    `${secret}x`,
    secret.toUpperCase(),
    `${secret.slice(0, 8)}-other`,
  ])('does not open as %s', (near) => {
    expect(lock.opens(`Bearer ${near}`)).toBe(false);
    expect(lock.acceptsBasic(basic(`anybody:${near}`))).toBe(false);
  });
});

test.each([null, '', 'Bearer', 'Bearer ', first, `Basic ${first}`])('%j does not open', (header) => {
  expect(lock.opens(header)).toBe(false);
});

test.each([null, '', 'Basic', basic(first), basic(`${first}:`), `Bearer ${first}`])(
  '%j does not open by password',
  (header) => {
    expect(lock.acceptsBasic(header)).toBe(false);
  },
);

test('without a secret nothing opens', () => {
  const locked = webhookLock([]);
  expect([locked.opens('Bearer x'), locked.opens(null), locked.acceptsBasic(basic('x:'))]).toEqual([
    false,
    false,
    false,
  ]);
});
