/** The record of a check: its verdict never changes, and one instance at a time sends it. */
import { describe, expect, test } from 'vitest';
import type { Check } from '../../../src/core/checks/check.ts';
import { claimSending, finish, newCheck, nextRunAt } from '../../../src/core/checks/check.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const request = {
  id: 'a'.repeat(40),
  kind: 'github',
  images: ['contoso.azurecr.io/team/app:v1'],
  regions: undefined,
  require: undefined,
  timeoutMs: 60_000,
  callback: '{}',
} as const;
const [yes, no] = [
  { result: 'succeeded', comment: 'there' },
  { result: 'failed', comment: 'timed out' },
] as const;
const due: Check = { ...newCheck(request, 'encrypted', now), nextTryAt: now };

describe('a sending is claimed', () => {
  test.each([
    ['with the verdict that was decided', due, yes, yes],
    ['with the verdict that is stored, whatever is decided by now', { ...due, verdict: no }, yes, no],
    ['with the verdict that is stored, where none is decided', { ...due, verdict: no }, undefined, no],
    ['once the lease of another is over', { ...due, leasedUntil: now }, yes, yes],
  ])('%s', (_, check, decided, verdict) => {
    expect(claimSending(check, decided, now)).toMatchObject({ verdict, attempts: 1, leasedUntil: now + 60_000 });
  });

  test.each<[string, Check]>([
    ['while another sends', { ...due, leasedUntil: now + 1 }],
    ['before its pause is over', { ...due, nextTryAt: now + 1 }],
    ['once it is finished', finish(due, 'delivered', now)],
  ])('by no instance %s', (_, check) => {
    expect(claimSending(check, yes, now)).toBeUndefined();
  });

  test('by no instance without a verdict', () => {
    expect(claimSending(due, undefined, now)).toBeUndefined();
  });
});

test('a finished check keeps no token', () => {
  expect(finish(due, 'delivered', now)).toMatchObject({ callback: null, leasedUntil: null, finishedAt: now });
});

test.each([
  ['while there is time', 600_000, 0, 30_000],
  ['at its deadline', 10_000, 0, 10_000],
  ['a moment after its deadline', 10_000, 20_000, 21_000],
])('its next row is due %s', (_, timeoutMs, passed, runs) => {
  expect(nextRunAt(newCheck({ ...request, timeoutMs }, 'encrypted', now), now + passed)).toBe(now + runs);
});
