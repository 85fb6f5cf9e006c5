/** Durations: every spelling that people use, and none that could mean two things. */
import { expect, test } from 'vitest';
import { formatLag, parseDuration } from '../../src/cli/duration.ts';
import { formatDuration } from '../../src/core/runtime/format-duration.ts';

test.each<[string, number]>([
  ['30m', 1_800_000],
  ['90s', 90_000],
  ['1h30m', 5_400_000],
  ['1h1m1s', 3_661_000],
  ['1800', 1_800_000],
  ['0', 0],
  ['0.5', 500],
  ['1.5h', 5_400_000],
  [' 5M ', 300_000],
  ['7h', 25_200_000],
  ['168h', 604_800_000],
])('%s is read', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each(['', ' ', '-1', '1d', '30min', 'm30', '1m1h', '1 m', '1e3', 'Infinity', '169h', '.', 's', '5,5'])(
  '%j is refused',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test.each<[number, string]>([
  [0, '0 s'],
  [-5, '0 s'],
  [499, '0 s'],
  [12_000, '12 s'],
  [59_600, '1 min'],
  [61_000, '1 min 1 s'],
  [1_800_000, '30 min'],
  [3_600_000, '1 h'],
  [5_430_000, '1 h 30 min'],
  [3_659_000, '1 h'],
])('%d ms are shown as %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

test.each<[number, string]>([
  [0, '0 s'],
  [0.04, '40 ms'],
  [8.24, '8.2 s'],
  [12.4, '12 s'],
  [75, '1 min 15 s'],
])('a lag of %d s is shown as %s', (seconds, text) => {
  expect(formatLag(seconds)).toBe(text);
});
