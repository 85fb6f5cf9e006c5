/** In which order the page shows the events of an image. */
import { expect, test } from 'vitest';
import { inShownOrder, withoutManyRegions } from '../../src/ui/event-order.ts';

const eventOf = (id: string, status: 'pending' | 'published', second: number, region?: string) => ({
  ...{ id, status, time: `2026-06-01T12:00:0${second}.000Z` },
  ...(region === undefined ? {} : { region }),
});

test('not accepted first, then about all regions, then about one; each the newest first', () => {
  const events = [
    eventOf('in a', 'published', 1, 'a'),
    eventOf('in b', 'published', 2, 'b'),
    eventOf('everywhere', 'published', 2),
    eventOf('converged', 'published', 3),
    eventOf('waits, in c', 'pending', 5, 'c'),
    eventOf('waits, in d', 'pending', 6, 'd'),
    eventOf('waits', 'pending', 4),
  ];
  const expected = ['waits', 'waits, in d', 'waits, in c', 'converged', 'everywhere', 'in b', 'in a'];
  expect(inShownOrder(events).map(({ id }) => id)).toEqual(expected);
  expect(inShownOrder([])).toEqual([]);
});

test('events of one moment stay in the order in which they came', () => {
  const events = ['x', 'y', 'z'].map((id) => eventOf(id, 'published', 1));
  expect(inShownOrder(events)).toEqual(events);
});

test('many published events about single regions are left out, those not accepted are not', () => {
  const one = (n: number, status: 'pending' | 'published') => ({ status, time: `${n}`, region: `region${n}` });
  const all = { status: 'published' as const, time: '9' };
  const many = Array.from({ length: 7 }, (_, n) => one(n, 'published'));
  expect(withoutManyRegions([all, ...many, one(8, 'pending')])).toEqual({ shown: [all, one(8, 'pending')], more: 7 });
  expect(withoutManyRegions(many.slice(1))).toEqual({ shown: many.slice(1), more: 0 });
});
