import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLater, latest, parseEventTime, toEventTime, toIsoMilliseconds } from '../../../src/core/model/event-time.ts';
import { eventTimeOf } from '../../support/build.ts';

const good: [string, string][] = [
  // Seven digits: webhooks written by .NET; nine: by Go.
  ['2026-06-01T12:22:07.0958813Z', '2026-06-01T12:22:07.095881300Z'],
  ['2023-11-17T16:52:01.343145347Z', '2023-11-17T16:52:01.343145347Z'],
  ['2026-06-01T12:22:07Z', '2026-06-01T12:22:07.000000000Z'],
  ['2026-06-01T12:22:07.5Z', '2026-06-01T12:22:07.500000000Z'],
  // More digits than a nanosecond are cut, not rounded: rounding could reach the next second.
  ['2026-06-01T12:22:07.9999999999Z', '2026-06-01T12:22:07.999999999Z'],
  ['2026-06-01T14:22:07.095+02:00', '2026-06-01T12:22:07.095000000Z'],
  ['2026-06-01T02:52:07.095-09:30', '2026-06-01T12:22:07.095000000Z'],
  ['2026-01-01T00:30:00+01:00', '2025-12-31T23:30:00.000000000Z'],
  ['2026-06-01t12:22:07z', '2026-06-01T12:22:07.000000000Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000000000Z'],
  ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000000000Z'],
  ['9999-12-31T23:59:59.999999999Z', '9999-12-31T23:59:59.999999999Z'],
];

const bad: [string, unknown][] = [
  ['nothing', ''],
  ['a date', '2026-06-01'],
  ['without an offset', '2026-06-01T12:22:07.095'],
  ['with a space between', '2026-06-01 12:22:07Z'],
  ['30 February', '2026-02-30T12:00:00Z'],
  ['29 February of a common year', '2026-02-29T12:00:00Z'],
  ['31 April, in another offset', '2026-04-31T12:00:00+02:00'],
  ['month 13', '2026-13-01T12:00:00Z'],
  ['month 0', '2026-00-01T12:00:00Z'],
  ['day 0', '2026-06-00T12:00:00Z'],
  ['hour 25', '2026-06-01T25:00:00Z'],
  ['minute 60', '2026-06-01T12:60:00Z'],
  ['second 61', '2026-06-01T12:00:61Z'],
  ['an offset of 25 hours', '2026-06-01T12:00:00+25:00'],
  ['an empty fraction', '2026-06-01T12:22:07.Z'],
  ['a comma', '2026-06-01T12:22:07,5Z'],
  ['a trailing line feed', '2026-06-01T12:22:07Z\n'],
  ['before 1970', '1969-12-31T23:59:59Z'],
  // What Go writes for "no time".
  ['the year 1', '0001-01-01T00:00:00Z'],
  ['the year 9999 that is 10000 in UTC', '9999-12-31T23:59:59-01:00'],
  ['a six-digit year', '+012026-06-01T12:22:07Z'],
  ['2,000 fractional digits', `2026-06-01T12:22:07.${'1'.repeat(2_000)}Z`],
  ['a number', 1_780_000_000_000],
  ['null', null],
  ['a Date', new Date('2026-06-01T12:22:07Z')],
];

describe('an event time', () => {
  test.each(good)('%s is kept as %s', (text, kept) => {
    expect(parseEventTime(text)).toBe(kept);
  });

  test.each(bad)('is not %s', (_what, value) => {
    expect(parseEventTime(value)).toBeUndefined();
  });

  test('is shown in milliseconds, cut and not rounded', () => {
    expect(toIsoMilliseconds(eventTimeOf('2026-06-01T12:22:07.0959999Z'))).toBe('2026-06-01T12:22:07.095Z');
  });

  test('of a clock has the digits of a parsed one', () => {
    const now = Date.parse('2026-06-01T12:22:07.095Z');
    expect(toEventTime(now)).toBe(parseEventTime('2026-06-01T12:22:07.095Z'));
  });
});

describe('order', () => {
  const push = eventTimeOf('2026-06-01T12:22:07.0958813Z');
  const remove = eventTimeOf('2026-06-01T12:22:07.095881301Z');

  test('is kept below one millisecond', () => {
    expect(isLater(remove, push)).toBe(true);
    expect(isLater(push, remove)).toBe(false);
    expect(latest(push, remove)).toBe(remove);
    expect(latest(remove, push)).toBe(remove);
  });

  test('has no time later than itself, and every time later than none', () => {
    expect(isLater(push, push)).toBe(false);
    expect(isLater(push, null)).toBe(true);
    expect(latest(null, push)).toBe(push);
    expect(latest(push, null)).toBe(push);
    expect(latest(null, null)).toBeNull();
  });

  test('of the texts is the order of the times, whatever offset and digits they were written with', () => {
    const written = fc
      .record({
        second: fc.integer({ min: 0, max: 253_402_300_799 }),
        fraction: fc.stringMatching(/^\d{1,9}$/),
        offsetMinutes: fc.integer({ min: -14 * 60, max: 14 * 60 }),
      })
      .map(({ second, fraction, offsetMinutes }) => {
        const nanoseconds = BigInt(second) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
        return { text: write(second, fraction, offsetMinutes), nanoseconds };
      })
      .filter(({ text }) => text !== undefined);
    fc.assert(
      fc.property(written, written, (a, b) => {
        const [first, second] = [parseEventTime(a.text), parseEventTime(b.text)];
        if (first === undefined || second === undefined) throw new Error(`refused ${a.text} or ${b.text}`);
        expect(isLater(first, second)).toBe(a.nanoseconds > b.nanoseconds);
        expect(first === second).toBe(a.nanoseconds === b.nanoseconds);
      }),
    );
  });

  test('parsing what was parsed changes nothing, and no text makes the parser fail', () => {
    const digits = fc.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/);
    fc.assert(
      fc.property(fc.oneof(digits, fc.string()), (text) => {
        const time = parseEventTime(text);
        if (time === undefined) return;
        expect(time).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{9}Z$/);
        expect(parseEventTime(time)).toBe(time);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** @returns the local time of that offset; `undefined` where its year has no four digits */
function write(second: number, fraction: string, offsetMinutes: number): string | undefined {
  const local = new Date(second * 1000 + offsetMinutes * 60_000);
  if (local.getTime() < 0 || local.getUTCFullYear() > 9999) return undefined;
  const [sign, minutes] = offsetMinutes < 0 ? ['-', -offsetMinutes] : ['+', offsetMinutes];
  const two = (value: number) => String(value).padStart(2, '0');
  const offset = `${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return `${local.toISOString().slice(0, 19)}.${fraction}${offset}`;
}
