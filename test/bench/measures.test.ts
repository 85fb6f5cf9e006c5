/**
 * The benchmark's own tools. A wrong median or a counter that misses calls would not fail anything by itself: it would
 * only make us believe something.
 */
import { describe, expect, test } from 'vitest';
import { checkPublished } from '../../bench/check-published.ts';
import { storageCounter } from '../../bench/counted.ts';
import { readArguments } from '../../bench/options.ts';
import { alternate } from '../../bench/rounds.ts';
import { runParts } from '../../bench/run-parts.ts';
import { formatMarkdown, formatText } from '../../bench/section.ts';
import { median, quantile } from '../../bench/statistics.ts';
import { deliveryOf, keepInFlight, regionsOf, shuffled } from '../../bench/workload.ts';

describe('figures', () => {
  test.each([
    [[3], 3],
    [[1, 9, 2], 2],
    [[4, 1, 3, 2], 2.5],
  ])('the median of %j is %d', (values, middle) => expect(median(values)).toBe(middle));

  test('a quantile is one of the values', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect([0, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([1, 50, 99, 100]);
  });
});

describe('the counter', () => {
  /** Ends on request, like a request that is answered. */
  function slowClient() {
    const ends: (() => void)[] = [];
    const wait = () => new Promise<void>((resolve) => ends.push(resolve));
    return { ends, client: { getEntity: wait, submitTransaction: wait, tableName: 'any' } };
  }

  test('two at once count twice, and once in sequence', async () => {
    const { ends, client } = slowClient();
    const counter = storageCounter();
    const counted = counter.wrap(client);
    const both = [counted.getEntity(), counted.submitTransaction()];
    for (const end of ends.splice(0)) end();
    await Promise.all(both);
    expect([counter.total, counter.inSequence]).toEqual([2, 1]);
    const third = counted.getEntity();
    for (const end of ends) end();
    await third;
    expect([counter.total, counter.inSequence]).toEqual([3, 2]);
  });

  test('failed calls count, and names are no calls', async () => {
    const counter = storageCounter();
    const counted = counter.wrap({ tableName: 'any', getEntity: () => Promise.reject(new Error('404')) });
    expect(counted.tableName).toBe('any');
    await expect(counted.getEntity()).rejects.toThrow('404');
    expect(counter.total).toBe(1);
  });
});

describe('parts', () => {
  test('that fail are reported, and what the others measured is there', async () => {
    const section = { title: 'One.', note: '', rows: [{ what: 1 }] };
    const { sections, faults } = await runParts(['one', 'broken', 'leaky', 'last'], async (part) => {
      if (part === 'broken') throw new Error('no answer in time');
      return part === 'leaky' ? { ...section, faults: ['keeps too much'] } : section;
    });
    expect(Object.keys(sections)).toEqual(['one', 'leaky', 'last']);
    expect(faults).toEqual([expect.stringMatching(/^broken: Error: no answer in time/), 'leaky: keeps too much']);
  });
});

describe('rounds', () => {
  test('each is compared with the floors around it, and the warm-up does not count', async () => {
    const floors = [100, 100, 200, 400];
    const { ratio, low, high, cpu } = await alternate({
      rounds: 2,
      warmups: 1,
      floor: async () => ({ rate: floors.shift() ?? 0, cpu: 10 }),
      subject: async (round) => ({ rate: [1, 150, 150][round] ?? 0, cpu: 20 }),
      say: () => undefined,
    });
    expect([low, high, ratio, cpu]).toEqual([0.5, 1, 0.75, 2]);
  });
});

describe('the workload', () => {
  test('is every image from every region twice, in the same order in every run', () => {
    const regions = regionsOf(3);
    const names = (label: string) =>
      shuffled(label, 10, regions).map(({ name, fact }) => `${name.digest} ${fact.region}`);
    expect(names('one')).toEqual(names('one'));
    expect(names('one')).not.toEqual(names('other'));
    expect(names('one')).toHaveLength(60);
    expect(new Set(names('one')).size).toBe(30);
  });

  test('gives a repeat that is one', () => {
    const [region] = regionsOf(1);
    if (region === undefined) throw new Error('one region was asked for');
    const [one, again] = [deliveryOf('label', 1, region), deliveryOf('label', 1, region)];
    expect([again.name, again.fact.eventTime]).toEqual([one.name, one.fact.eventTime]);
  });

  test('keeps so many in flight, and no more', async () => {
    let underWay = 0;
    let max = 0;
    await keepInFlight(Array.from({ length: 20 }), 4, async () => {
      max = Math.max(max, ++underWay);
      await Promise.resolve();
      underWay--;
    });
    expect(max).toBe(4);
  });
});

describe('what was published', () => {
  const event = (subject: string, id: string) => ({ id, subject, type: 'AcrReplication.ImageAvailableInAllReplicas' });

  test('repeats under one id are fine', () => {
    expect(() => checkPublished([event('a', '1'), event('a', '1'), event('b', '2')], 2)).not.toThrow();
  });

  test.each([
    ['an image is missing', [event('a', '1')], /of 2 images, 1 were published/],
    ['two ids for one image', [event('a', '1'), event('b', '2'), event('b', '3')], /1 of them under several ids/],
  ])('%s', (_what, events, complaint) => expect(() => checkPublished(events, 2)).toThrow(complaint));
});

describe('the command line', () => {
  test('some parts', () => {
    expect(readArguments(['--quick', '--only', 'http,start'])).toMatchObject({ quick: true, parts: ['http', 'start'] });
  });

  test.each([
    [['--only', 'everything'], /must be some of tracker.*got "everything"/],
    [['--fast'], /--fast/],
    [['tracker'], /tracker/],
  ])('%j is refused', (words, complaint) => expect(() => readArguments(words)).toThrow(complaint));
});

describe('tables', () => {
  const rows = [{ what: 'one', '× floor': 0.456, 'deliveries/s': 1234 }];
  const result = { machine: { cores: 2 }, sections: { some: { title: 'Some.', note: 'As noted.', rows } } };

  test('for a terminal', () => {
    expect(formatText(result).split('\n').slice(-2)).toEqual([
      '  what  × floor  deliveries/s',
      '  one      0.46          1234',
    ]);
  });

  test('for the pages', () => {
    expect(formatMarkdown(result)).toContain(
      '| what | × floor | deliveries/s |\n| --- | --: | --: |\n| one | 0.46 | 1234 |',
    );
  });
});
