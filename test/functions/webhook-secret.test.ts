/** The lock of the doors: any of the secrets opens, whole, and nothing else does. */
import { describe, expect, test } from 'vitest';
import { webhookAuth } from '../../src/functions/http/webhook-secret.ts';

const [first, second] = ['the-first-secret-of-the-tests', 'the-second-secret-of-the-tests'];
const auth = webhookAuth([first, second]);
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;

describe.each([first, second])('%s', (secret) => {
  test('opens', () => {
    expect(auth.accepts(`Bearer ${secret}`)).toBe(true);
    expect(auth.acceptsBasic(basic(`anybody:${secret}`))).toBe(true);
  });

  test.each([
    secret.slice(0, 8),
    secret.slice(0, -1),
    `${secret}x`,
    secret.toUpperCase(),
    `${secret.slice(0, 8)}-other`,
  ])('does not open as %s', (near) => {
    expect(auth.accepts(`Bearer ${near}`)).toBe(false);
    expect(auth.acceptsBasic(basic(`anybody:${near}`))).toBe(false);
  });
});

test.each([null, '', 'Bearer', 'Bearer ', first, `Basic ${first}`])('%j does not open', (header) => {
  expect(auth.accepts(header)).toBe(false);
});

test.each([null, '', 'Basic', basic(first), basic(`${first}:`), `Bearer ${first}`])(
  '%j does not open by password',
  (header) => {
    expect(auth.acceptsBasic(header)).toBe(false);
  },
);

test('without a secret nothing opens', () => {
  const locked = webhookAuth([]);
  expect([locked.accepts('Bearer x'), locked.accepts(null), locked.acceptsBasic(basic('x:'))]).toEqual([
    false,
    false,
    false,
  ]);
});
