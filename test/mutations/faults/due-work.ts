/** Work that is due later: what is lost is never done, and forwards that two sweeps postpone are sent twice. */
import type { Fault } from '../fault.ts';
import { faultsIn } from '../fault.ts';

const queues = ['test/core/due-work/due-queues.test.ts', 'test/core/due-work/sweeper.test.ts'];
const contract = ['test/adapters/due-work.contract.test.ts'];

export const dueWorkFaults: readonly Fault[] = [
  ...faultsIn('src/core/due-work/sweeper.ts', queues, [
    ['an item is removed before its work is done', 'await run(latest.work, latest);', 'void run(latest.work, latest);'],
    ['what is done stays', '    await finish(mine);\n', ''],
    ['what failed is removed', 'return fail(mine, error);', 'void error;'],
    [
      'a forward is sent by each sweep that finds it',
      "if (latest.work.kind === 'forward') {",
      'if (mine.length < 0) {',
    ],
    ['only the first page is read', 'cursor = page.next ?? undefined;', 'cursor = undefined;'],
    ['what is under way is begun again', 'page.items.filter(({ key }) => !underWay.has(key))', 'page.items'],
    ['all is begun at once', 'while (running.size >= maxAtOnce) await Promise.race(running);\n          if', 'if'],
    [
      'one that takes long holds up the others',
      'await withTimeout(clock, maxWaitMs, Promise.all(running));',
      'await Promise.all(running);',
    ],
    [
      'pauses after refusals do not grow',
      'backoff(item.failures + 1, { firstMs: minPauseMs, maxMs: maxPauseMs })',
      'minPauseMs',
    ],
    ['failures are not counted', 'clock.now() + pauseMs, item.failures + 1', 'clock.now() + pauseMs, item.failures'],
  ]),
  ...faultsIn(
    'src/core/ingest/twice-deferred.ts',
    ['test/core/ingest/twice-deferred.test.ts'],
    [['what is deferred is queued once', '[0, copyAfterMs]', '[0]']],
  ),
  ...faultsIn(
    'src/core/due-work/forward-queue.ts',
    ['test/core/due-work/forward-queue.test.ts'],
    [
      [
        'a forward is not sent by the instance that stored it',
        'if (delayMs >= sweepEveryMs) return;',
        'if (delayMs >= 0) return;',
      ],
      ['a sweep sends a forward that is being sent', '(delayMs > 0 ? delayMs : leaseMs)', 'delayMs'],
      ['a forward that was sent comes back', '    await dueWork.remove(item);\n', ''],
      [
        'a forward that another has claimed is sent all the same',
        'if (item !== undefined) await send(work, item);',
        'await send(work, item ?? added);',
      ],
      [
        'one that fails keeps its permit',
        '    } finally {\n      permits.release();\n    }',
        '      permits.release();\n    } finally {\n    }',
      ],
    ],
  ),
  ...faultsIn('src/core/due-work/due-queues.ts', queues, [
    ['two timers of an image have one name', 'due + random() * maxJitterMs', 'due + 0 * random() * maxJitterMs'],
    ['how far a clock is ahead is ignored', 'sequence, aheadMs }', 'sequence, aheadMs: 0 }'],
    ['the pause of a step of a replay is ignored', 'if (delayMs <= 0) return', 'if (delayMs >= 0) return'],
  ]),
  ...faultsIn('src/adapters/table-storage/due-work-table.ts', contract, [
    [
      'all who postpone an item get it',
      "if (outcome.reason === 'conflict') return undefined;",
      'if (item) return item;',
    ],
    ['what is postponed stays as it was', "        ['delete', { partitionKey, rowKey: item.key }],\n", ''],
    [
      'what is postponed loses the time when it was due',
      'scheduledFor: String(item.scheduledFor),',
      'scheduledFor: String(dueAt),',
    ],
    ['there is no second page', 'next: found.length < limit ? null : (items.at(-1)?.key ?? null)', 'next: null'],
    ['a timer is cancelled with those of other times', '`${dueAt} ${text}`', 'text'],
    [
      'what is done stays in the table',
      'await rows.remove([{ partitionKey: dueRow(0',
      'void ([{ partitionKey: dueRow(0',
    ],
    ['what is cancelled stays', 'rows.remove([addressOf(JSON.stringify(work), dueAt)])', 'Promise.resolve()'],
  ]),
];
