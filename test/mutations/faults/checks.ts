/** Deployment checks: one verdict, never another, and sent until it is accepted. */
import type { Fault } from '../fault.ts';
import { faultsIn } from '../fault.ts';

const checks = ['check', 'verdict-delivery', 'several-images', 'checks'].map(
  (name) => `test/core/checks/${name}.test.ts`,
);

export const checkFaults: readonly Fault[] = [
  ...faultsIn('src/core/checks/check.ts', checks, [
    [
      'a verdict is overwritten',
      'const verdict = check.verdict ?? decided;',
      'const verdict = decided ?? check.verdict ?? undefined;',
    ],
    ['two instances send at once', '|| isHeld ||', '||'],
    ['a verdict is sent before its pause is over', ' || check.nextTryAt > now) return', ') return'],
    [
      'a verdict that was accepted is sent again',
      "if (check.verdict === null || check.outcome === 'delivered') return undefined;",
      'if (check.verdict === null) return undefined;',
    ],
    ['refused credentials end the check at once', 'refusedSince + maxRefusedMs', 'refusedSince'],
    [
      'refused credentials are tried forever',
      'Math.min(giveUpAt(check), notYetUntil, refusedUntil)',
      'Math.min(giveUpAt(check), notYetUntil)',
    ],
    [
      'a service that does not wait yet is tried forever',
      'Math.min(giveUpAt(check), notYetUntil, refusedUntil)',
      'Math.min(giveUpAt(check), refusedUntil)',
    ],
    ['a requested pause is ignored', 'failure.retryAfterMs ?? 0', '0'],
    ['pauses do not grow', 'backoff(check.attempts, { firstMs: minPauseMs, maxMs: maxPauseMs })', 'minPauseMs'],
    ['a finished check keeps its token', '{ ...check, callback: null, leasedUntil', '{ ...check, leasedUntil'],
    ['a line is sent twice', ' || last === line', ''],
    ['lines have no bound', ' || count >= maxLines', ''],
    ['a finished check is deleted at once', 'now >= check.finishedAt + keptMs', 'now >= check.finishedAt'],
    ['a check runs after its deadline', 'Math.min(regular, Math.max(check.deadlineAt, now + minPauseMs))', 'regular'],
  ]),
  ...faultsIn('src/core/checks/verdict-delivery.ts', checks, [
    ['a last line that was accepted is sent again', 'check.isLastLineAccepted === true', 'false'],
    ['a last line that was not accepted counts as accepted', 'return false;\n    }\n  }', 'return true;\n    }\n  }'],
    [
      'any failure is the end',
      "code === 'unauthorized' || code === 'invalid' ? code : 'passing'",
      "code === 'unauthorized' ? code : 'invalid'",
    ],
    [
      'a verdict that was not accepted counts as accepted',
      "typeof reply === 'object'\n        ? retryLater",
      "typeof reply === 'number'\n        ? retryLater",
    ],
    [
      'a check that was finished meanwhile is changed',
      '(isFinished(check) ? undefined : change(check))',
      'change(check)',
    ],
  ]),
  ...faultsIn('src/core/checks/evaluate-check.ts', checks, [
    ['some of several images are enough', "success: outcome === 'satisfied'", "success: outcome !== 'deleted'"],
    [
      'what was just deleted ends a check at once',
      'const isEnd = isFinal || clock.now() >= check.deadlineAt;',
      'const isEnd = true;',
    ],
    ['no progress of several images is sent', 'Math.min((seen ?? 0) + 1, asked.length)', 'asked.length'],
  ]),
  ...faultsIn('src/core/checks/checks.ts', checks, [
    ['a check is stored before it has a row', '    await addRow(check, nextRun(check, 0), 0);\n', ''],
    [
      'a check that was not stored counts as accepted',
      "if (accepted === undefined) throw new UpstreamError('unavailable', `check ${id} not stored in time`);",
      "if (accepted === undefined) return 'accepted';",
    ],
    ['a check that met an outage is dropped', 'await addRow({ id, sequence }, clock.now() + requeueMs, aheadMs);', ''],
    [
      'a row that was replaced counts',
      'if (stored === undefined || sequence < stored.check.sequence) return undefined;',
      'if (stored === undefined) return undefined;',
    ],
    ['no next row is added', 'await addRow({ id, sequence: next }, nextRun(stored.check, aheadMs), aheadMs);', ''],
    [
      'a closing instance hands nothing over',
      'const handed = left.map((check) => addRow(check, clock.now(), check.aheadMs));',
      'const handed = left.map(() => undefined);',
    ],
    [
      'storing takes as long as it takes',
      'await withTimeout(clock, acceptWithinMs, create(fresh))',
      'await create(fresh)',
    ],
  ]),
  ...faultsIn(
    'src/core/checks/token-encryption.ts',
    ['test/core/checks/token-encryption.test.ts'],
    [
      ['an encrypted text can be decrypted for any check', 'Buffer.from(head + owner)', 'Buffer.from(head)'],
      [
        'a key of any length',
        "if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;\n  const key = Buffer.from(text, 'base64');\n  return key.length === encryptionKeyBytes ? key : undefined;",
        "return Buffer.from(text, 'base64');",
      ],
      [
        'another key is not named',
        "if (!encrypted.startsWith(head)) throw cannotDecrypt('it was encrypted with another key');",
        '',
      ],
      ['a nonce is used again', 'const nonce = random(nonceBytes);', 'const nonce = Buffer.alloc(nonceBytes);'],
    ],
  ),
  ...faultsIn(
    'src/core/checks/check-list.ts',
    ['test/functions/events.test.ts', 'test/functions/waiting.test.ts'],
    [
      ['a truncated list counts as complete', 'checks.length < maxListed', 'true'],
      [
        'checks are waited for as long as the table takes',
        'withTimeoutOrUndefined(clock, maxReadMs, list())',
        'list()',
      ],
    ],
  ),
  ...faultsIn(
    'src/core/waiting/wait-board.ts',
    ['test/core/waiting/wait-board.test.ts'],
    [
      ['who waits is written without a pause', 'writtenAt + betweenWritesMs - clock.now()', '0'],
      ['what a killed instance left is listed', 'now - row.writtenAt <= maxShownMs && ', ''],
      ['an instance that has closed leaves its row', 'await store.remove(instance);', 'await undefined;'],
      [
        'one request counts for each time it names an image',
        '[...new Map(named.map((one) => [keyOf(one), one])).values()]',
        'named',
      ],
      ['a request that has ended waits on', 'for (const one of waited) change(one, -1);', ''],
      ['a request that ends twice counts twice', '        if (isLeft) return;\n', ''],
      ['two requirements of one image are one', ' ${JSON.stringify([regions, require, artifacts, platforms])}', ''],
      ['a row is longer than the table takes', 'if (length + more > maxText) return false;', ''],
    ],
  ),
  ...faultsIn(
    'src/core/waiting/who-waits.ts',
    ['test/functions/waiting.test.ts'],
    [
      [
        'every expected region is named as if it were required',
        'isForEveryExpected === true ? [] : regions',
        'regions',
      ],
      ['what a check requires is not listed', ', ...requiredBy(asked) }', ' }'],
    ],
  ),
  ...faultsIn(
    'src/core/catalogue/entry.ts',
    ['test/core/catalogue.test.ts'],
    [
      ['what is being deleted is delayed', "state === 'replicating' && delayedAt !== null", 'delayedAt !== null'],
      ['an event that is not accepted is not read again', '  if (hasRefusedEvent(record)) return false;\n', ''],
    ],
  ),
  ...faultsIn(
    'src/core/query/list-images.ts',
    ['test/core/catalogue.test.ts'],
    [
      [
        'with a search every tag has diverged',
        'query.search === undefined && isInCatalogue(query)',
        'isInCatalogue(query)',
      ],
      [
        'an event that is accepted is still unpublished',
        "  if (query.state === 'unpublished' && !hasRefusedEvent(record)) return false;\n",
        '',
      ],
    ],
  ),
  ...faultsIn(
    'src/core/runtime/errors.ts',
    [
      'test/core/runtime/errors.test.ts',
      'test/core/outbox/event-relay-order.test.ts',
      'test/core/checks/checks.test.ts',
      'test/core/scenarios/failure-modes.test.ts',
      'test/core/scenarios/failure-modes-world.test.ts',
    ],
    [
      ['refused access is permanent', '  unauthorized: true,', '  unauthorized: false,'],
      ['a busy service is permanent', '  throttled: true,', '  throttled: false,'],
      ['an outage is permanent', '  unavailable: true,', '  unavailable: false,'],
      ['a crowd is permanent', '  conflict: true,', '  conflict: false,'],
      ['a permanent refusal is tried again forever', '  invalid: false,', '  invalid: true,'],
    ],
  ),
];
