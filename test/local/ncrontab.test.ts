import { expect, test } from 'vitest';
import { parseSchedule } from '../../src/local/host/ncrontab.ts';

const START = '2026-06-01T12:00:00.000Z'; // a Monday

const good: [schedule: string, next: string, afterThat: string][] = [
  ['0 */5 * * * *', '2026-06-01T12:05:00.000Z', '2026-06-01T12:10:00.000Z'],
  ['*/5 * * * *', '2026-06-01T12:05:00.000Z', '2026-06-01T12:10:00.000Z'],
  ['*/30 * * * * *', '2026-06-01T12:00:30.000Z', '2026-06-01T12:01:00.000Z'],
  ['0 15/20 * * * *', '2026-06-01T12:15:00.000Z', '2026-06-01T12:35:00.000Z'],
  ['0 0 9-17/4 * * *', '2026-06-01T13:00:00.000Z', '2026-06-01T17:00:00.000Z'],
  ['0 0 3 * * Mon-Wed', '2026-06-02T03:00:00.000Z', '2026-06-03T03:00:00.000Z'],
  ['0 0 0 1 Jan,JUL *', '2026-07-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ['0 0 0 * * 0', '2026-06-07T00:00:00.000Z', '2026-06-14T00:00:00.000Z'],
  // Day and weekday must both match: Friday the 13th, where cron would take every Friday and every 13th.
  ['0 0 0 13 * 5', '2026-11-13T00:00:00.000Z', '2027-08-13T00:00:00.000Z'],
  ['0 0 0 29 2 *', '2028-02-29T00:00:00.000Z', '2032-02-29T00:00:00.000Z'],
  ['5,10 0 0 * * *', '2026-06-02T00:00:05.000Z', '2026-06-02T00:00:10.000Z'],
];

test.each(good)('%s', (text, first, second) => {
  const schedule = parseSchedule(text);
  expect(schedule.next(new Date(START)).toISOString()).toBe(first);
  expect(schedule.next(new Date(first)).toISOString()).toBe(second);
});

const bad: [schedule: string, reason: RegExp][] = [
  ['', /six fields/],
  ['* * * *', /six fields, or five without seconds \(got 4\)/],
  ['0 0 0 * * * 2026', /got 7/],
  ['00:05:00', /six fields/],
  ['@daily', /six fields/],
  ['60 * * * * *', /60/],
  ['0 0 24 * * *', /24/],
  ['0 0 0 0 * *', /0/],
  ['0 0 0 L * *', /does not know "L"/],
  ['0 0 0 15W * *', /does not know "15W"/],
  ['0 0 0 ? * *', /does not know/],
  ['0 0 0 * 13 *', /13/],
  ['0 0 0 * Foo *', /./],
  ['0 0 0 * * 7', /does not know "7"/],
  ['0 0 0 * * 5#2', /does not know/],
  ['0 0 0 * * Fri-Mon', /./],
  ['0 */0 * * * *', /./],
  ['0 */x * * * *', /./],
  ['0 1-2-3 * * * *', /./],
  ['0 1/2/3 * * * *', /./],
  ['0 1,,2 * * * *', /./],
  ['0 0 0 30 2 *', /no such day/],
];

test.each(bad)('%s is refused', (text, reason) => {
  expect(() => parseSchedule(text)).toThrow(reason);
  expect(() => parseSchedule(text)).toThrow(`schedule "${text}": `);
});
