/** Counting a registry's images on several instances: each once, whichever instance has written it or is killed. */
import type { Fault } from '../fault.ts';
import { faultsIn } from '../fault.ts';

const tests = [
  'test/core/catalogue.test.ts',
  'test/core/catalogue/reminders.test.ts',
  'test/core/catalogue/late-answer.test.ts',
  'test/core/catalogue/diverged-again.test.ts',
];

export const catalogueFaults: readonly Fault[] = [
  ...faultsIn('src/core/catalogue/counted-entries.ts', tests, [
    [
      'the version of the counts is not compared',
      'if (remembered?.version === version && remembered !== undefined)',
      'if (remembered !== undefined)',
    ],
    [
      'what was read is remembered',
      'if (isRead) remembered.entries.delete(imageKey(name));\n        else remembered.entries',
      'void isRead;\n        remembered.entries',
    ],
  ]),
  ...faultsIn('src/core/catalogue/reminders.ts', tests, [
    ['no timer is cancelled', 'await timer.cancel(name, at).catch(() => undefined);', ''],
    [
      'the timer of a write is cancelled once the write before it was counted',
      'if (known.get(imageKey(name)) !== at) return;',
      'at = known.get(imageKey(name)) ?? at;',
    ],
    ['no timer is set before a write', 'await timer.remind(name, at);', ''],
  ]),
  ...faultsIn('src/core/catalogue/catalogue.ts', tests, [
    ['a tag that is in every region again stays diverged', '|| !isStable(before, set) ', ''],
  ]),
  ...faultsIn('src/core/catalogue/count-images.ts', tests, [
    ['a version that had a conflict is used again', 'counted.forget(registry);', ''],
    [
      'a timer is cancelled though nothing was counted',
      'if (changes.length === 0) return [];',
      'await Promise.all(read.filter((one) => !all.includes(one)).map(endReminder));\n    if (changes.length === 0) return [];',
    ],
    [
      'the timer of an unstable image is cancelled',
      'remindAt > now && isStable(record, set)) await',
      'remindAt > now) await',
    ],
  ]),
  ...faultsIn(
    'src/adapters/table-storage/catalogue-store.ts',
    ['test/adapters/catalogue.contract.test.ts'],
    [
      ['an image that has an entry is counted as new', "before === undefined ? ['create', row] : ", ''],
      ['search rows that are needed again are removed', 'parts.filter(({ rowKey }) => !needed.has(rowKey))', 'parts'],
      ['no count includes that search rows were removed', 'transact([touch, ...removals])', 'transact(removals)'],
    ],
  ),
];
