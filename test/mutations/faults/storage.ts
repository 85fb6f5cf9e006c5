/** Table and queue storage: what is lost there is not reported again. */
import type { Fault } from '../fault.ts';
import { faultsIn } from '../fault.ts';

const contract = 'test/adapters/storage.contract.test.ts';
const tableTests = [
  'test/adapters/table-answers.test.ts',
  'test/adapters/table-foreign-answers.test.ts',
  'test/adapters/row-batches.test.ts',
  contract,
];

export const storageFaults: readonly Fault[] = [
  ...faultsIn(
    'src/adapters/queue-storage.ts',
    ['test/adapters/queue-answers.test.ts', 'test/adapters/queue-storage.test.ts'],
    [
      [
        'a send that failed counts as sent',
        '    const status = error instanceof RestError ? error.statusCode : undefined;',
        '    if (error) return;\n    const status = error instanceof RestError ? error.statusCode : undefined;',
      ],
      ['a message hides for more than a minute', 'const maxDelaySeconds = 60;', 'const maxDelaySeconds = 7 * 86_400;'],

      ['messages expire after seven days', 'messageTimeToLive: -1', 'messageTimeToLive: 7 * 86_400'],
      ['a message shows at once', 'Math.max(0, Math.ceil(delayMs / 1000))', '0'],
      ['a message shows early', 'Math.ceil(delayMs / 1000)', 'Math.floor(delayMs / 1000)'],
      ['a delay in the past is sent as it is', 'Math.max(0, Math.ceil(delayMs / 1000))', 'Math.ceil(delayMs / 1000)'],
      ['messages are not base64', ".toString('base64');", '.toString();'],
      ['a queue that is missing is not made', '      await queue.createIfNotExists();\n', ''],
      [
        'a message for a queue that was missing is not sent',
        '      await queue.createIfNotExists();\n      await queue.sendMessage(text, options());',
        '      await queue.createIfNotExists();',
      ],
      [
        'any failure counts as a missing queue',
        '      if (!(error instanceof RestError && error.statusCode === 404)) throw error;\n      await queue.createIfNotExists();',
        '      await queue.createIfNotExists();',
      ],
      [
        'refused access counts as an outage',
        "status === 401 || status === 403 ? 'unauthorized' : 'unavailable'",
        "'unavailable'",
      ],
      [
        'a send has no time limit',
        'messageTimeToLive: -1,\n    abortSignal: AbortSignal.timeout(callTimeoutMs),',
        'messageTimeToLive: -1,',
      ],
      ['why it was given up is not stored', '{ forward: { order, reason } }', '{ forward: { order } }'],

      [
        'what is deferred together is sent in part',
        'toSharedMessage(together.map(({ received }) => received))',
        'toSharedMessage(together.slice(0, 1).map(({ received }) => received))',
      ],
      [
        'a message is larger than the service takes',
        'return bytes > maxMessageBytes;',
        'return bytes > 2 * maxMessageBytes;',
      ],
      ['a delivery that is too large blocks the others', 'Math.max(1, count)', 'count'],
      [
        'a delivery whose message failed counts as sent',
        'sent.then(done.resolve, done.reject);',
        'sent.then(done.resolve, () => done.resolve());',
      ],

      [
        'the pause of a replay is ignored',
        'send(queue, toReplayMessage(message), toSeconds(delayMs))',
        'send(queue, toReplayMessage(message), 0)',
      ],

      [
        'the pause of a delivery is ignored',
        'const delaySeconds = toSeconds(delayMs);',
        'const delaySeconds = toSeconds(0 * delayMs);',
      ],

      [
        'a queue that refuses access is healthy',
        '      await queue.getProperties({ abortSignal: AbortSignal.timeout(callTimeoutMs) }).catch((error: unknown) => {\n        if (!(error instanceof RestError && error.statusCode === 404)) throw error;',
        '      await queue.getProperties({ abortSignal: AbortSignal.timeout(callTimeoutMs) }).catch((error: unknown) => {\n        if (!(error instanceof RestError)) throw error;',
      ],
      [
        'a queue that was never used is unhealthy',
        '      await queue.getProperties({ abortSignal: AbortSignal.timeout(callTimeoutMs) }).catch((error: unknown) => {\n        if (!(error instanceof RestError && error.statusCode === 404)) throw error;',
        '      await queue.getProperties({ abortSignal: AbortSignal.timeout(callTimeoutMs) }).catch((error: unknown) => {\n        throw error;',
      ],
    ],
  ),
  ...faultsIn('src/adapters/table-storage/table.ts', tableTests, [
    [
      'a failed read counts as no row',
      '(error: unknown) => (isMissing(error) ? undefined : fail(error)),\n        ),\n    transact',
      '() => undefined,\n        ),\n    transact',
    ],

    [
      'a refused read counts as no row',
      '(error: unknown) => (isMissing(error) ? undefined : fail(error)),\n        ),\n    transact',
      '(error: unknown) => (isMissing(error) || statusOf(error) === 403 ? undefined : fail(error)),\n        ),\n    transact',
    ],

    [
      'a read that meets an outage counts as no row',
      '(error: unknown) => (isMissing(error) ? undefined : fail(error)),\n        ),\n    transact',
      '(error: unknown) => (isMissing(error) || (statusOf(error) ?? 0) >= 500 ? undefined : fail(error)),\n        ),\n    transact',
    ],
    [
      'a 404 from something other than the table counts as no row',
      'return statusOf(error) === 404 && (isRow || isTableMissing(error));',
      'return statusOf(error) === 404 || isRow;',
    ],

    ['refused access is permanent', 'if (status === 401 || status === 403) {', 'if (status === 401) {'],
    ['a busy service counts as one that refuses the row', 'status === 429 || status === 503', 'status === 503'],
    ['a busy service counts as an outage', 'if (status === 429 || status === 503)', 'if (status === 429)'],
    ['a time-out of the service is permanent', 'status < 500 && status !== 408', 'status < 500'],
    [
      'a row that the service refuses is tried for ever',
      'if (status !== undefined && status >= 400 && status < 500 && status !== 408 && !isForeign) {',
      'if (status === 400.5 && !isForeign) {',
    ],
    ['a foreign 404 is a refusal for good', ' && !isForeign) {', ' && (isForeign || true)) {'],

    ['a changed row is overwritten', 'return status === 409 || status === 412 ||', 'return status === 409 ||'],
    ['a row that exists is an error', 'return status === 409 || status === 412 ||', 'return status === 412 ||'],
    ['a row that no longer exists is an error', ' || (isMissing(error) && !isTableMissing(error));', ';'],

    ['a table that is missing is not made', '      if (!isTableMissing(error)) throw error;', '      throw error;'],
    ['any failure makes the table and tries again', '      if (!isTableMissing(error)) throw error;', ''],
    ['a merge that failed counts as written', '.then(ignore, fail),\n    amend', '.then(ignore, ignore),\n    amend'],
    [
      'a removal that failed counts as done',
      '.then(ignore, (error: unknown) => (isMissing(error) ? undefined : fail(error))),',
      '.then(ignore, ignore),',
    ],

    [
      'removing a row that is not there fails',
      '.then(ignore, (error: unknown) => (isMissing(error) ? undefined : fail(error))),',
      '.then(ignore, fail),',
    ],

    [
      'a list that failed counts as empty',
      '      if (!isTableMissing(error)) fail(error);\n    }\n    return rows.slice',
      '    }\n    return rows.slice',
    ],
    [
      'a list of a table that is missing fails',
      '      if (!isTableMissing(error)) fail(error);\n    }\n    return rows.slice',
      '      fail(error);\n    }\n    return rows.slice',
    ],
    [
      'a scan that failed counts as empty',
      '        if (!isTableMissing(error)) fail(error);\n      }\n      return { rows: []',
      '      }\n      return { rows: []',
    ],
    ['only the first page of a list is read', 'if (rows.length >= limit) break;', 'break;'],
    ['a list is longer than was asked for', 'return rows.slice(0, limit);', 'return rows;'],
    ['a quote in a value is not escaped', `text.replaceAll("'", "''")`, 'text'],
    ['the start of a list is given twice', 'RowKey gt', 'RowKey ge'],
    [
      'a transaction that failed counts as a conflict',
      '          if (isConflict(error)) return',
      '          if (error) return',
    ],
    [
      'a transaction that is refused for one row fails for all',
      "          if (failure.code === 'invalid') return",
      "          if (failure.code === 'conflict') return",
    ],
    [
      'of a refused transaction the wrong row is reported',
      'place === undefined ? undefined : Number(place)',
      'place === undefined ? undefined : Number(place) + 1',
    ],
    [
      'a removal does not compare the version',
      'client.deleteEntity(partitionKey, rowKey, { etag, abortSignal })',
      'client.deleteEntity(partitionKey, rowKey, { abortSignal })',
    ],
    [
      'a write does not compare the version',
      'client.updateEntity(row as TableEntity, mode, { etag, abortSignal })',
      'client.updateEntity(row as TableEntity, mode, { abortSignal })',
    ],
    [
      'a write that hangs is waited for without end',
      'return await work(AbortSignal.timeout(callTimeoutMs));',
      'return await work(new AbortController().signal);',
    ],
  ]),
  ...faultsIn(
    'src/adapters/table-storage/image-store.ts',
    ['test/adapters/image-row.test.ts', contract, 'test/adapters/replays.contract.test.ts'],
    [
      [
        'what the topic has accepted is not read',
        'return acceptedIn(row).reduce(noteAccepted, record);',
        'return record;',
      ],
      [
        'columns that are to go stay',
        'columns.every((column) => column in row) ? batches.amend(row, etag) : batches.replace(row, etag)',
        'batches.amend(row, etag)',
      ],
      [
        'a new record replaces one that exists',
        'basedOn === undefined ? batches.create(row)',
        "basedOn === undefined ? batches.merge([row]).then(() => 'x')",
      ],
      [
        'what is noted of two instances overwrites',
        "acceptedPrefix + hash('sha256', keys.join('\\n')).slice(0, 16)",
        'acceptedPrefix',
      ],
      [
        'images published before the time are found too',
        '(lastPublishedAt(record) ?? 0) < since',
        '(lastPublishedAt(record) ?? 0) < 0',
      ],
      ['what other clocks have noted is missed', 'since - clockSkewMs', 'since'],
      [
        'accepted events are noted without their time',
        '{ ...imageRow(name), publishedAt, ...acceptedColumns(accepted) }',
        '{ ...imageRow(name), ...acceptedColumns(accepted) }',
      ],
    ],
  ),
  ...faultsIn(
    'src/adapters/table-storage/row-batches.ts',
    ['test/adapters/row-batches.test.ts', contract],
    [
      [
        'a row is twice in one transaction',
        'partition.waiting.set(rowKey, isMerge ? [...jobs.slice(0, -1), job] : [...jobs, job]);',
        'partition.waiting.set(rowKey + jobs.length, [job]);',
      ],
      ['the second write of a row is dropped', 'else waiting.set(rowKey, later);', 'else waiting.delete(rowKey);'],
      ['a transaction holds more than a hundred rows', 'batch.length >= maxActions || ', ''],
      ['a transaction is larger than the service takes', ' || characters > maxCharacters', ''],
      [
        'a transaction that failed counts as written',
        'for (const { done } of rest) done.reject(error);',
        "for (const { done } of rest) done.resolve('x');",
      ],
      ['a row in the way takes the others with it', 'rest = rest.filter((job) => job !== culprit);', 'return;'],
      [
        'a row in the way counts as written',
        "else culprit.done.resolve('conflict');",
        "else culprit.done.resolve('x');",
      ],
      ['a row that is refused counts as written', 'culprit.done.reject(outcome.reason)', "culprit.done.resolve('x')"],
      [
        'a merge that stood in the way is dropped',
        'writeAlone(table, culprit).then(culprit.done.resolve, culprit.done.reject)',
        "culprit.done.resolve('x')",
      ],
      ['a merge loses what the one before it contains', 'row: { ...last.row, ...write.row }', 'row: write.row'],
    ],
  ),
  ...faultsIn(
    'src/adapters/table-storage/tag-digests.ts',
    ['test/adapters/tag-digests.test.ts', contract],
    [
      ['a tag noted before counts as new', "if (isNew) return 'first';", "if (isNew || true) return 'first';"],
      [
        'a tag that is known here is never noted again',
        '      const isNew =',
        "      if (known.has(`${row.partitionKey} ${row.rowKey}`)) return 'again';\n      const isNew =",
      ],
      ['an outage counts as a row that is full', "error.code === 'invalid')) throw error;", 'error)) throw error;'],
      [
        'a row that is full loses the note',
        '        await prune(name);\n        await batches.merge([row]);',
        '        await prune(name);',
      ],
      [
        'a full row keeps the oldest digests',
        'digestsOf(row).slice(0, keptDigests)',
        'digestsOf(row).slice(-keptDigests)',
      ],
      ['rows are never pruned', 'if (digests.length > maxDigests) await prune(name);', ''],
      ['digests come oldest first', '(a.pushedAt < b.pushedAt ? 1 : -1)', '(a.pushedAt < b.pushedAt ? -1 : 1)'],
      ['a digest that was pushed again is removed', ' || isLater(noted.pushedAt, pushedAt)', ''],
      [
        'removing one digest removes all',
        'const kept = digests.filter((one) => one !== noted);',
        'const kept: typeof digests = [];',
      ],
      ['a digest is removed only without a conflict', "if (done !== 'conflict') return;", 'return;'],
    ],
  ),
  ...faultsIn(
    'src/adapters/table-storage/image-lists.ts',
    [contract],
    [
      [
        'a list ends after its first page',
        'rows.length > limit && lastShown !== undefined',
        'rows.length > limit + 1 && lastShown !== undefined',
      ],
      [
        'a repository has no list of its own',
        "list === 'all' ? [list, repositoryList(name.repository)] : [list]",
        '[list]',
      ],
    ],
  ),
  ...faultsIn(
    'src/adapters/table-storage/keys.ts',
    ['test/adapters/keys.test.ts', contract],
    [
      ['the oldest image is listed first', 'String(farFuture - time)', 'String(time)'],
      ['slashes stay in keys', "repository.replaceAll('/', ':')", 'repository'],
      ['two tags of one name share a row', "['tag', name.tag, repository]", "['tag', name.tag]"],
      [
        'images first seen at the very time are listed as before it',
        'prefix + newestFirst(before - 1)',
        'prefix + newestFirst(before)',
      ],
    ],
  ),
  ...faultsIn(
    'src/adapters/table-storage/long-text.ts',
    ['test/adapters/image-row.test.ts', contract],
    [
      ['long text is cut', 'const count = Math.ceil(bytes.length / maxBytes);', 'const count = 1;'],
      [
        'long text goes into one property',
        'if (text.length <= maxCharacters)',
        'if (text.length <= 10 * maxCharacters)',
      ],
    ],
  ),
  ...faultsIn(
    'src/adapters/table-storage/check-store.ts',
    ['test/adapters/check-store.contract.test.ts'],
    [
      ['a check that exists is created again', "outcome === 'conflict' ? 'exists' : 'created'", "'created'"],
      ['a check that has changed is replaced', "outcome === 'conflict' ? 'conflict' : 'replaced'", "'replaced'"],
      [
        'a check is replaced whatever its version',
        'table.replace(toRow(check), basedOn)',
        "table.replace(toRow(check), '*')",
      ],
    ],
  ),
  ...faultsIn(
    'src/adapters/table-storage/replica-set-store.ts',
    [contract],
    [
      [
        'a set that was stored meanwhile is overwritten',
        "version === 'conflict' ? version : { version }",
        '{ version }',
      ],
      ['the version of a set is not given', 'version: row.etag', "version: ''"],
    ],
  ),
  ...faultsIn(
    'src/adapters/table-storage/replay-store.ts',
    ['test/adapters/replays.contract.test.ts'],
    [
      [
        'replays that are not finished are removed',
        'finishedAt !== null && finishedAt < before',
        'finishedAt === null || finishedAt < before',
      ],
      ['a replay that was saved meanwhile is overwritten', 'table.replace(row, basedOn)', "table.replace(row, '*')"],
    ],
  ),
  ...faultsIn(
    'src/adapters/table-storage/health-event-log.ts',
    ['test/adapters/health-event-log.test.ts', contract],
    [
      [
        'an older word about an incident replaces a newer one',
        "if (stored !== undefined && readEvent(stored).reportedAt > event.reportedAt) return 'outdated';",
        '',
      ],
      ['closed incidents are open', '.filter((event) => event.isOpen)', ''],
      [
        'a note with a conflict counts as stored',
        "if (written !== 'conflict') return 'recorded';",
        "return 'recorded';",
      ],
    ],
  ),
  ...faultsIn(
    'src/adapters/table-storage/checkpoint-store.ts',
    [contract],
    [['how far a review came is not read', '(JSON.parse(String(row.note)) as ReconcileCheckpoint)', 'undefined']],
  ),
];
