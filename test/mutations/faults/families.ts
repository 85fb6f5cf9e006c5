import type { Fault } from '../fault.ts';
import { faultsIn } from '../fault.ts';

const families = ['test/core/scenarios/families.test.ts', 'test/core/scenarios/artifacts.test.ts'];
const races = [...families, 'test/core/scenarios/family-races.test.ts'];

const incomplete = ['test/core/scenarios/family-incomplete.test.ts', 'test/core/members/read-index.test.ts'];
const bytes = ['test/core/scenarios/family-bytes.test.ts', 'test/core/members/manifest-document.test.ts'];

export const familyFaults: readonly Fault[] = [
  ...faultsIn('src/core/image/family-availability.ts', bytes, [
    [
      'a member of no known size counts nothing',
      'sum === null || bytes == null ? Number.NaN',
      'sum === null ? Number.NaN',
    ],
  ]),
  ...faultsIn('src/core/image/family-commands.ts', bytes, [
    [
      'bytes that were known late never reach the index',
      '{ ...withBytes(family, command.member, command.bytes), reported }',
      '{ ...family, reported }',
    ],
  ]),
  ...faultsIn('src/core/members/manifest-document.ts', bytes, [
    ['the config is not counted', '[config, ...layers].map(', '[...layers].map('],
  ]),
  ...faultsIn('src/core/store/image-writer.ts', races, [
    [
      'a report does not reach an index that another instance has just read',
      '      await reportToIndexes(stored?.record, proposal.record);\n',
      '      if (attempt === 1) await reportToIndexes(stored?.record, proposal.record);\n',
    ],
  ]),
  ...faultsIn('src/core/members/family-reader.ts', races, [
    [
      'reports of members from before the index was read are lost',
      'if (record !== undefined) reported[digest] = changesForIndexes(undefined, record);',
      '',
    ],
  ]),
  ...faultsIn('src/core/image/state.ts', families, [
    [
      'an index counts before it is read',
      'record === undefined || record.family?.isHeld === true',
      'record === undefined',
    ],
    ['a region without a member has the index', ' && missingMembers(record, region, set).length === 0;', ';'],
  ]),
  ...faultsIn('src/core/members/family-reader.ts', families, [
    [
      'one index that could not be read has all others held for long',
      'readings.hasJustFailed(registry.name)',
      'readings.hasJustFailed(String(registry.name.length))',
    ],
  ]),
  ...faultsIn('src/core/members/read-index.ts', families, [
    [
      'a nested index that is not found counts as one that cannot be read',
      "if (answer.kind === 'absent' && depth > 0)",
      "if (answer.kind === 'absent' && depth > 9)",
    ],
  ]),
  ...faultsIn('src/core/image/family-commands.ts', families, [
    [
      'a try that failed makes an incomplete index count',
      'if (command.missing.length > 0 || isIncomplete === true) {',
      'if (command.missing.length > 0) {',
    ],
    [
      'an incomplete index is not read again when a member reports',
      'const isToRead = family.members === null && isUnread;',
      'const isToRead = false;',
    ],
    ['an incomplete index that is deleted is read for ever', 'nextReadAt: isThere ?', 'nextReadAt: true ?'],
  ]),
  ...faultsIn('src/core/image/family-commands.ts', incomplete, [
    [
      'a report uses up a try',
      'isBeingRead(record, now) ? family.tries : Math.max(0, family.tries - 1)',
      'family.tries',
    ],
    [
      'what is missing, and was reported before it was made a member, is not read',
      'if (command.missing.some(isReportedSince))',
      'if (command.missing.length < 0)',
    ],
    [
      'an incomplete index that is pushed while the registry does not answer is not read again',
      'isReported && (record.availableAt === null || family?.isIncomplete === true)',
      'isReported && record.availableAt === null',
    ],
  ]),
  ...faultsIn('src/core/members/family-reader.ts', incomplete, [
    [
      'a report during the last attempt counts as one before it',
      'heldUntil: image.family?.nextReadAt ?? null',
      'heldUntil: underWay.get(key)?.family?.nextReadAt ?? null',
    ],
  ]),
  ...faultsIn('src/core/members/read-index.ts', incomplete, [
    [
      'one that was missing before, and was not probed now, is lost',
      "kind === 'unreadable' ? [...missing, ...unseen] : missing",
      'missing',
    ],
  ]),
  ...faultsIn('src/core/replicas/probe-family.ts', families, [
    [
      'a region that still has a deleted member is not probed',
      'Object.values(reported).some((arrival) => isDeleted(arrival) || isDoubtful(arrival))',
      'false',
    ],
  ]),
  ...faultsIn(
    'src/core/store/read-with-indexes.ts',
    ['test/core/scenarios/family-crash.test.ts'],
    [
      [
        'what only the index knows of a member is not stored',
        'if (facts.length === 0) return unexpired(record);',
        'return unexpired(record);',
      ],
      ['a member whose record has expired is left', 'writer.readStored(name)', 'writer.read(name)'],
    ],
  ),
  ...faultsIn('src/core/image/requeue.ts', families, [
    ['a nested index is not probed by itself', ' || record.family !== undefined', ''],
    [
      'members of a deleted index are not probed',
      'scatteredMembers(record, set).length > 0 ? [record.changedAt] : []',
      '[]',
    ],
  ]),
  ...faultsIn(
    'src/core/replicas/probe-family.ts',
    ['test/core/scenarios/family-cost.test.ts'],
    [
      [
        'the record of each member is read',
        'Object.values(reported).some((arrival) => isDeleted(arrival) || isDoubtful(arrival))',
        'true',
      ],
    ],
  ),
  ...faultsIn('src/core/image/announcements.ts', families, [
    [
      'a member is published by itself',
      'if (isPartOfFamily(before)) return { record: updatePart(before, set, now), announcements: [] };',
      '',
    ],
    [
      'an untagged manifest is published before an index can claim it',
      'if (claimableUntil(before, decisionContext) !== null) return { record: before, announcements: [] };',
      '',
    ],
  ]),
  ...faultsIn('src/core/image/platforms.ts', families, [
    [
      'platforms of an index that was not read count',
      'record.mediaType === null || isIndexType(record.mediaType) ? undefined : record',
      'record',
    ],
  ]),
  ...faultsIn('src/core/members/attached-artifacts.ts', families, [
    [
      'what was listed is lost with the process',
      "await deps.writer.submit(name, { kind: 'attachmentsFound', attachments });",
      '',
    ],
    [
      'a signature that was deleted everywhere is waited for',
      'if (record !== undefined && isManifestDeleted(record, set) && !listed.has(digest)) return [];',
      '',
    ],
    ['a signature that is still listed is not waited for', ' && !listed.has(digest)', ''],
  ]),
  ...faultsIn('src/core/members/attach.ts', families, [
    [
      'what is attached to an image before it is reported is lost',
      'putNewest(awaited, key, all.slice(-maxAttachments), maxAwaited);',
      '',
    ],
  ]),
  ...faultsIn('src/core/image/attached.ts', families, [
    ['attachments without end', '.slice(-maxAttachments)', ''],
    ['a region with one of two signatures counts', 'artifacts.every(({ regions })', 'artifacts.some(({ regions })'],
    ['nothing attached is enough', 'artifacts.length > 0 && ', ''],
  ]),
];
