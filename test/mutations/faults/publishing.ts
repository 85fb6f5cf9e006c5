/**
 * Writing an image's record, and publishing to the topic: a decision must be stored once, and published until it is
 * accepted.
 */
import type { Fault } from '../fault.ts';
import { faultsIn } from '../fault.ts';

const core = (name: string) => `test/core/${name}.test.ts`;
const modes = [core('scenarios/failure-modes'), core('scenarios/failure-modes-world')];
const writing = [
  ...['store/image-writer', 'scenarios/many-steps', 'scenarios/clock-ahead', 'scenarios/replaced-replica'].map(core),
  ...modes,
  ...['image/decide.property', 'image/model.property'].map(core),
];
const publishing = [
  'test/functions/events.test.ts',
  core('outbox/event-relay-order'),
  core('outbox/event-relay'),
  core('image/cloud-event'),
  ...modes,
];

export const publishingFaults: readonly Fault[] = [
  ...faultsIn('src/core/runtime/key-queue.ts', writing, [
    [
      'the forty-first command of one image is dropped',
      'line.waiting.splice(0, maxJobs)',
      'line.waiting.splice(0).slice(0, maxJobs)',
    ],
    [
      'a line that has ended is not started again',
      'if (line.waiting.length > 0 || isExpired) start(line);',
      'if (isExpired) start(line);',
    ],
    [
      'deferred jobs are dropped',
      '[...line.deferred.splice(0), ...line.waiting',
      '[...line.deferred.splice(0).slice(1), ...line.waiting',
    ],
    [
      'deferred jobs wait forever',
      '          line.deferredUntil = expired;\n          start(line);',
      '          line.deferredUntil = expired;',
    ],
    [
      'a run that failed counts as done',
      'for (const waiting of jobs) waiting.reject(error);',
      'for (const waiting of jobs) waiting.resolve({ record: undefined, outcome: undefined } as R), void error;',
    ],
    ['an end does not wait for what runs', 'while (lines.size > 0) await', 'while (lines.size < 0) await'],
  ]),
  ...faultsIn('src/core/store/write-basis.ts', writing, [
    [
      'a reevaluation is decided on a copy',
      "commands.some(({ kind }) => kind === 'reevaluate')",
      'commands.length < 0',
    ],
    [
      'a copy without a version is written on',
      'record === undefined || version === undefined ||',
      'record === undefined ||',
    ],
    [
      'a delete is written without reading',
      "command.kind === 'fact' && command.fact.kind === 'push'",
      "command.kind === 'fact'",
    ],
  ]),
  ...faultsIn('src/core/store/image-writer.ts', writing, [
    [
      'after a write that failed the copy is kept',
      '        cache.delete(name);\n        throw error;',
      '        throw error;',
    ],
    ['what another has written is overwritten', 'basedOn: stored?.version', 'basedOn: undefined'],
    [
      'a conflict counts as stored',
      "if (outcome !== 'conflict') return committed(tried, outcome.version);",
      "return committed(tried, outcome === 'conflict' ? '' : outcome.version);",
    ],
    ['a write whose answer was lost is made twice', 'refused = tried;', 'refused = undefined;'],
    [
      'the write of another is mistaken for our own',
      'stored?.record.writtenAs === refused.record.writtenAs',
      'stored !== undefined',
    ],
    ['conflicts are tried without end', 'attempt <= maxAttempts', 'attempt > 0'],
    ['a conflict is tried once', 'attempt <= maxAttempts', 'attempt <= 1'],
    [
      'after a conflict the copy is used again',
      '      refused = tried;\n      cache.delete(name);',
      '      refused = tried;',
    ],
    ['announcements are not passed to the publisher', 'made.push(...decision.announcements.map(announcementKey));', ''],
    [
      'announcements of a first tag are not passed to the publisher',
      'const made = [...proposal.made, ...decision.announcements.map(announcementKey)];',
      'const made = proposal.made;',
    ],
    [
      'what follows from a write fails it',
      "deps.log.warn('what follows from a write failed, will retry', { image, error: describeError(error) });",
      'throw error;',
    ],
    ['what the topic has accepted is not stored', 'await store.noteAccepted(name, accepted, clock.now());', ''],
    [
      'a removed replica is read as there',
      'return stored && dropStaleFacts(stored.record, deps.decisionContext(deps.registryOf(name)).set);',
      'return stored?.record;',
    ],
    ['a repeat is written', 'if (record === copy.record && result !== undefined) return Promise.resolve(result);', ''],
  ]),
  ...faultsIn(
    'src/core/image/first-tags.ts',
    [core('image/first-tags'), ...writing],
    [
      [
        'a first tag that has converged is not announced',
        'announce(compared, decisionContext)',
        '{ record: compared, announcements: [] }',
      ],
      ['a first tag is compared once more', 'isComplete: true', 'isComplete: false'],
    ],
  ),
  ...faultsIn('src/core/outbox/event-relay.ts', publishing, [
    ['a first refusal is not stored', 'if (due.failedBefore === undefined) noteRefused(name, due.key);', ''],
    [
      'publish errors are swallowed',
      'await publisher.publish(part.map((item) => item.due.event));',
      'await publisher.publish(part.map((item) => item.due.event)).catch(() => undefined);',
    ],
    [
      'one refused event discards those behind it',
      'else refused(part, lastError);',
      'else return refused([part, ...left].flat(), lastError);',
    ],

    [
      'a topic that becomes unavailable loses the other parts of a refused batch',
      'const kept = [part, ...left].flat();',
      'const kept = part;',
    ],
    [
      'one refused event discards its batch',
      'if (part.length > 1) left.unshift(part.slice(0, half), part.slice(half));\n        else refused(part, lastError);',
      'if (half > 0) refused(part, lastError);',
    ],

    ['an unavailable topic loses what it was sent', 'waiting.unshift(...kept);', 'forget(kept);'],

    ['an outage counts as a refusal', 'isTemporary(error) ? lastError : undefined;', 'undefined;'],

    [
      'an accepted event is not noted',
      'await deps.writer.submitWithin(first.name, command, isNotRegional ? 0 : maxNoteDelayMs);',
      'void first; void command; void isNotRegional; void maxNoteDelayMs;',
    ],
    [
      'events are sent twice',
      'if (!canSend(key) || stop.signal.aborted) continue;',
      'if (stop.signal.aborted) continue;',
    ],

    ['events wait without a bound', 'if (waiting.length + sending * batchSize >= maxWaiting) break;', ''],
    ['a refused event counts as in flight', 'error: string): void {\n    forget(items);', 'error: string): void {'],
    ['what was refused is sent again at once', 'failed.pause(itemKey(name, due.key), due);', ''],

    [
      'a topic that fails is called without a pause',
      'await clock.sleep(backoff(failures, { firstMs: 1_000, maxMs: maxPauseMs }), stop.signal);',
      '',
    ],

    ['an end does not wait', 'await withTimeout(clock, milliseconds, idleNow);', 'void idleNow;'],

    ['an outage that is over is still shown', '    outage = undefined;\n', ''],
    ['a refusal counts as an outage', 'isTemporary(error) ? lastError : undefined;', 'lastError;'],
    ['attempts at an unavailable topic are not counted', 'noteFailure(part, outage);', ''],
    ['the refusal of an event is not counted', 'noteFailure(items, error);', ''],
    [
      'the refusal of a batch counts for all of its events',
      'const half =',
      'noteFailure(part, lastError);\n        const half =',
    ],
  ]),
  ...faultsIn(
    'src/core/image/cloud-event.ts',
    [core('image/cloud-event'), core('scenarios/tag-events'), ...modes],
    [
      ['a delay is about other regions once it is over', '...(missing === undefined ? {} : { missing }),', ''],
      [
        'the id does not name the generation',
        'repository, digest, about, String(generation)]',
        'repository, digest, about]',
      ],
      [
        'the id does not name the region',
        'repository, digest, about, String(generation)]',
        'repository, digest, String(generation)]',
      ],
      ['the id does not name the registry', 'eventId([type, registry.name, repository', 'eventId([type, repository'],
      ['the round of a tag is not in its id', '`${tag.name} ${tag.round}`', '`${tag.name}`'],
      ['two texts run together in an id', "parts.join('\\n')", "parts.join('')"],
      ['a superseded tag does not say by what', '...(supersededBy === undefined ? {} : { supersededBy })', '...{}'],
      ['the duration ends at the first region', 'Math.max(...times) - Math.min(...times)', '0 * Math.min(...times)'],
      ['the time is when it was sent', 'time: new Date(madeAt).toISOString()', 'time: new Date(0).toISOString()'],
    ],
  ),
  ...faultsIn(
    'src/core/image/requeue.ts',
    [
      core('image/requeue'),
      core('scenarios/early-timer'),
      core('scenarios/unseen-image'),
      core('scenarios/silent-images'),
      ...modes,
    ],
    [
      [
        'no timer for unpublished events',
        'publishedAt === null ? [nextSendAt(madeAt, now, policy.outboxCheckMs)] : []',
        'publishedAt === 0 ? [nextSendAt(madeAt, now, policy.outboxCheckMs)] : []',
      ],
      [
        "a member's tag in doubt is not probed",
        'return hasTagInDoubt(record, set) ? [record.changedAt] : [];',
        'return [];',
      ],
      [
        'a tag in doubt waits for the pauses of an image that has long been missing',
        'hasTagInDoubt(record, set) ? [record.firstSeenAt, record.changedAt] : [record.firstSeenAt]',
        '[record.firstSeenAt]',
      ],
      ['no timer for forwards that are to be queued', 'if (isToQueue) due', 'if (record.writtenAs === "") due'],

      [
        'no timer for tags that are not compared',
        'if (record.uncomparedTags.length > 0) due',
        'if (record.writtenAs === "") due',
      ],

      [
        'no timer for what may be delayed',
        'if (isFirstReplicating(record, set) && record.delayedAt === null && !isPartOfFamily(record)) {',
        'if (record.delayedAt !== null) {',
      ],
      [
        'no timer for copies that are not confirmed',
        'if ((canProbe && hasUnverified(record, set)) || hasUnlistedReplica(record, set))',
        'if (hasUnlistedReplica(record, set))',
      ],

      [
        'a timer that has fired counts as set',
        'requeueAt !== null && requeueAt > now && requeueAt <= due + timerSlackMs',
        'requeueAt !== null && requeueAt <= due + timerSlackMs',
      ],
      ['a timer of next week counts as set', ' && requeueAt <= due + timerSlackMs', ''],
      ['pauses between questions do not grow', 'pause = Math.min(dayMs, pause * 2)', 'pause = Math.min(dayMs, pause)'],
      [
        'an image that no replica has is probed without end',
        'return at <= firstNoticedAt + dayMs ? at : null;',
        'return at;',
      ],
    ],
  ),
];
