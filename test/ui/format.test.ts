import { describe, expect, test } from 'vitest';
import {
  formatAgo,
  formatMoment,
  formatSeconds,
  formatWaiting,
  plural,
  shortDigest,
  visible,
} from '../../src/ui/format.ts';

test.each([
  [0, '0 s'],
  [0.001, '1 ms'],
  [0.0001, '1 ms'],
  [0.042, '42 ms'],
  [0.0996, '0.1 s'],
  [0.44, '0.4 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [59.4, '59 s'],
  [59.6, '1 min'],
  [250, '4 min 10 s'],
  [2_520, '42 min'],
  [11_100, '3 h 5 min'],
  [7_200, '2 h'],
  [187_200, '2 d 4 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test.each([
  [-5_000, 'now', '0 s'],
  [999, 'now', '0 s'],
  [1_000, '1 s ago', '1 s'],
  [61_000, '1 min ago', '1 min'],
  [3_600_000, '1 h ago', '1 h'],
  [200_000_000, '2 d ago', '2 d'],
])('%d ms are %s', (milliseconds, ago, waiting) => {
  expect([formatAgo(milliseconds), formatWaiting(milliseconds)]).toEqual([ago, waiting]);
});

test('a moment of today has no date, another has', () => {
  const now = new Date(2026, 5, 1, 12, 30, 5).getTime();
  expect(formatMoment(now, now)).toBe('12:30:05');
  expect(formatMoment(new Date(2026, 4, 31, 9, 3, 0).getTime(), now)).toBe('2026-05-31 09:03:00');
});

describe('what comes from a registry', () => {
  test.each([
    ['team/app', 'team/app'],
    ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
    // Turns the line around: `gpj.exe` would be read as `exe.jpg`.
    ['v1\u202egpj.exe', 'v1\\u{202e}gpj.exe'],
    ['a\u0000b\nc\u200bd', 'a\\u{0}b\\u{a}c\\u{200b}d'],
    ['\ud800', '\\u{d800}'],
    ['été 版本', 'été 版本'],
    ['x'.repeat(400), `${'x'.repeat(300)}…`],
  ])('%j is shown as it is', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test.each([
    [`sha256:e46f7d74${'0'.repeat(56)}`, 'sha256:e46f7d74…'],
    ['sha256:e46f', 'sha256:e46f'],
    ['<b>', '<b>'],
  ])('%s in short is %s', (digest, short) => {
    expect(shortDigest(digest)).toBe(short);
  });
});

test('one and many', () => {
  expect([plural(0, 'image'), plural(1, 'image'), plural(2, 'repository', 'repositories')]).toEqual([
    '0 images',
    '1 image',
    '2 repositories',
  ]);
});
