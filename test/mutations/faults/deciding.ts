/**
 * The core: how facts are merged, what state an image has, which events are published, what is forwarded, expired and answered.
 */
import type { Fault } from '../fault.ts';
import { faultsIn } from '../fault.ts';

const core = (name: string) => `test/core/${name}.test.ts`;
/** Slow, and thorough: for what the others do not notice. */
const properties = [core('image/decide.property'), core('image/model.property'), core('scenarios/many-tags')];
const modes = [core('scenarios/failure-modes'), core('scenarios/failure-modes-world')];
const facts = [
  ...[
    'image/arrival',
    'image/record',
    'image/availability',
    'scenarios/next-generation',
    'scenarios/far-ahead',
    'image/tag-resolution',
    'scenarios/tag-events',
    'store/image-writer',
    'image/kept-regions',
  ].map(core),
  ...[
    'image/cloud-event',
    'image/decide-commands',
    'scenarios/replaced-replica',
    'scenarios/families',
    'replicas/replica-set-cache',
    'reconcile/retention',
    'forwarding/forwarder',
  ].map(core),
  ...modes,
  ...properties,
];

export const decidingFaults: readonly Fault[] = [
  ...faultsIn('src/core/image/arrival.ts', facts, [
    [
      'a push of the instant of a delete counts',
      'isLater(arrival.pushedAt, arrival.deletedAt);',
      '(arrival.deletedAt === null || arrival.pushedAt >= arrival.deletedAt);',
    ],
    ['a delete is no delete', 'arrival.deletedAt !== null && !isAvailable(arrival)', 'false'],
    [
      'a tag outlives its manifest',
      'const gone = [arrival.deletedAt, arrival.doubtedAt',
      'const gone = [arrival.doubtedAt',
    ],
    [
      'a tag called constructor is found',
      'return Object.hasOwn(times, tag) ? (times[tag] ?? null) : null;',
      'return times[tag] ?? null;',
    ],
  ]),
  ...faultsIn('src/core/image/merge-fact.ts', facts, [
    ['a repeat of a time far ahead counts as later', 'known?.ahead?.[aheadKey(fact)] ?? countedTime', 'countedTime'],
    [
      'what a time far ahead was counted as is not stored',
      'if (stated.eventTime === counted.eventTime) return arrival;',
      'return arrival;',
    ],
    ['times far ahead are kept without end', 'ahead.slice(-maxAhead)', 'ahead'],
    [
      'an old push undoes a delete',
      "if (!isLater(eventTime, arrival.deletedAt)) return { arrival: tagged, outcome: 'outdated' };",
      '',
    ],
    ['an old push replaces a newer one', 'pushedAt: isNewPush ? eventTime : arrival.pushedAt', 'pushedAt: eventTime'],
    ['seeing it there again is a push', '(isEvent(fact) || isNewTag || !wasCertain);', 'true;'],

    [
      'what confirms it is dropped',
      'const isNewEvidence = !wasAvailable || !arrival.evidence.includes(fact.evidence);',
      'const isNewEvidence = false;',
    ],
    [
      'it is there only since its last report',
      'since: wasAvailable ? arrival.since : fact.receivedAt',
      'since: fact.receivedAt',
    ],
    [
      'what confirmed it before the delete still counts',
      'evidence: wasAvailable ? union(arrival.evidence, fact.evidence) : [fact.evidence]',
      'evidence: union(arrival.evidence, fact.evidence)',
    ],
    [
      'an older delete replaces a newer one',
      'if (!isLater(eventTime, arrival.deletedAt)) {',
      'if (eventTime === arrival.deletedAt) {',
    ],
    [
      'a delete older than the push is not stored',
      "if (isAvailable(deleted)) return { arrival: deleted, outcome: 'outdated' };",
      "if (isAvailable(deleted)) return { arrival, outcome: 'outdated' };",
    ],
    [
      'a second delete counts from its own receipt',
      'since: isNewFact ? fact.receivedAt : arrival.since',
      'since: fact.receivedAt',
    ],
    [
      'a delete is about no time',
      'eventTime: isEvent(fact) ? eventTime : isNewFact ? null : arrival.eventTime',
      'eventTime: null',
    ],
    ['a delete does not store when it was received', '      learnedAt: fact.receivedAt,\n', ''],
    [
      'an untag that comes before the push is not stored',
      'if (pushedAt === null || isLater(eventTime, pushedAt)) return untagged(eventTime);',
      'if (pushedAt !== null && isLater(eventTime, pushedAt)) return untagged(eventTime);',
    ],
    [
      'a delete that may follow a probe is older than it',
      'if (isAvailable(deleted) && mayFollowProbe(arrival, fact, arrival.pushedAt)) {',
      'if (isAvailable(deleted) && arrival === never) {',
    ],
    [
      'a delete of a tag that names no digest counts as confirmed',
      'untag({ ...arrival, learnedAt }, tag, at, isEvent(fact))',
      'untag({ ...arrival, learnedAt }, tag, at)',
    ],
    [
      'an untag that may follow a probe is older than it',
      "return mayFollowProbe(arrival, fact, pushedAt) ? untagged(pushedAt) : { arrival, outcome: 'outdated' };",
      "return { arrival, outcome: 'outdated' };",
    ],
    ['a delete much older than a probe counts as one after it', '&& isWithinSkew(fact.eventTime, seenAt)', ''],
    [
      'an older untag counts',
      "if (!isLater(eventTime, known)) return { arrival, outcome: eventTime === known ? 'duplicate' : 'outdated' };",
      '',
    ],
    [
      'a probe counts as an event',
      "return fact.evidence !== 'probe' && fact.evidence !== 'deepProbe';",
      "return fact.evidence !== 'probe';",
    ],
    [
      'a tag has left although it was pushed later',
      'pushedAt === null || !isLater(at, pushedAt) || isKnown',
      'pushedAt === null || isKnown',
    ],
    [
      'tags that point here are dropped with the others',
      '[...newest(here, maxTags), ...newest(moved, maxMovedTags)]',
      'newest([...here, ...moved], maxMovedTags)',
    ],
    ['tags grow without end', 'if (all.length <= maxMovedTags) return arrival;', 'if (all.length > 0) return arrival;'],
    ['the newest tags are dropped', "(a.at ?? '') > (b.at ?? '') ? -1 : 1", "(a.at ?? '') > (b.at ?? '') ? 1 : -1"],
  ]),
  ...faultsIn(
    'src/core/model/event-time.ts',
    [core('model/event-time'), core('scenarios/far-ahead')],
    [
      [
        'times are cut to milliseconds',
        "fraction.padEnd(9, '0').slice(0, 9)",
        "fraction.padEnd(9, '0').slice(0, 3).padEnd(9, '0')",
      ],
      ['offsets are not read', '${offset?.toUpperCase()}`', 'Z`'],
      [
        'the thirtieth of February is in March',
        'if (new Date(Date.parse(`${date}T00:00:00Z`)).toISOString().slice(0, 10) !== date) return undefined;',
        '',
      ],
      ['times far ahead count', 'stated > toEventTime(receivedAt + maxAheadMs)', 'stated < ""'],
      ['the same time is later', 'return than === null || time > than;', 'return than === null || time >= than;'],
      [
        'of two times the earlier is the latest',
        'return b === null || a > b ? a : b;',
        'return b === null || a < b ? a : b;',
      ],
    ],
  ),
  ...faultsIn(
    'src/core/image/state.ts',
    [...facts, core('scenarios/silent-images')],
    [
      [
        'a report of a removed replica counts',
        'return lastAbsentAt !== undefined && learnedAt <= lastAbsentAt;',
        'return false;',
      ],
      [
        'a report of the very instant counts for the new replica',
        'learnedAt <= lastAbsentAt',
        'learnedAt < lastAbsentAt',
      ],
      [
        'an image stays complete for a replica that was removed',
        'record.completedFor.filter((region) => !stale.includes(region))',
        'record.completedFor',
      ],
      [
        'events published about a removed replica keep those about the new one back',
        'record.alreadyAnnounced.filter((subject) => !ofStale.includes(subject))',
        'record.alreadyAnnounced',
      ],
      [
        'a copy counts before it is confirmed',
        "if (set.verify === 'missing') return true;",
        "if (set.verify !== 'deep') return true;",
      ],
      [
        'a manifest is enough where the complete image is required',
        "(set.verify === 'confirm' && arrival.evidence.includes('probe'))",
        "arrival.evidence.includes('probe')",
      ],
      [
        'the complete image is not enough where a manifest is required',
        "arrival.evidence.includes('deepProbe') || (",
        "(set.verify === 'deep' && arrival.evidence.includes('deepProbe')) || (",
      ],
      [
        'without replicas everything is complete',
        'expected.length > 0 && expected.every((region) => isAvailableIn(record, region, set))',
        'expected.every((region) => isAvailableIn(record, region, set))',
      ],
      [
        'one region is enough',
        'expected.every((region) => isAvailableIn(record, region, set));',
        'expected.some((region) => isAvailableIn(record, region, set));',
      ],
      ['a removed region holds the image back', 'return counted.length > 0 ? counted : regions;', 'return regions;'],
      [
        'regions outside the set count for nothing',
        'return counted.length > 0 ? counted : regions;',
        'return counted;',
      ],
      ['a newcomer counts for nothing', '(arrivalIn(record, region)?.learnedAt ?? 0) > set.refreshedAt', 'false'],
      [
        'one delete is a delete everywhere',
        'arrivals.length > 0 && arrivals.every(isDeleted)',
        'arrivals.some(isDeleted)',
      ],
      [
        'an image that no region has reported is deleted',
        'arrivals.length > 0 && arrivals.every(isDeleted)',
        'arrivals.every(isDeleted)',
      ],
      [
        'a delete that was published is published again',
        "return imageState(record, set) === 'deleted' && !activeRegions(record, set).every(isAlreadyAnnounced);",
        "return imageState(record, set) === 'deleted';",
      ],
      [
        'a new push that is under way is a deletion',
        'const isPushedSince = pushedAt !== null && (deletedAt === null || deletedAt < pushedAt);',
        'const isPushedSince = false;',
      ],
      [
        'an image on its way out is replicating',
        "if (deletedAt === null || isPushedSince) return 'replicating';",
        "if (deletedAt !== undefined) return 'replicating';",
      ],
      [
        'an index is deleted while a region still has all of it',
        "there.every((region) => hasDeletedMember(record, region)) ? 'deleted' : 'deleting'",
        "there.some((region) => hasDeletedMember(record, region)) ? 'deleted' : 'deleting'",
      ],
    ],
  ),
  ...faultsIn(
    'src/core/image/record.ts',
    [...facts, core('scenarios/silent-images')],
    [
      ['a tag that has moved on is shown', ' && !hasMoved(tag)', ''],
      ['a tag that is nowhere is shown', 'isHere(arrival, tag) && ', ''],
      ['a tag that was deleted alone is shown', 'arrivals.some(isAvailable) ? hasTag : hadTag', 'hadTag'],
      [
        'forwards that have not left are not pending',
        ' || record.forwards.some((entry) => entry.queuedAt === null)',
        '',
      ],
      ['events that have not left are not pending', 'pendingKeys(record).length > 0 || ', ''],
      [
        'what was accepted is pending',
        'publishedAt === null && madeAt < madeBefore ? [key] : []',
        'madeAt < madeBefore ? [key] : []',
      ],
    ],
  ),
  ...faultsIn(
    'src/core/image/expiry.ts',
    [core('reconcile/retention-bounds'), ...facts],
    [
      [
        'images with unpublished events expire',
        '!hasPending(record) && record.changedAt <= unchangedSince',
        'record.changedAt <= unchangedSince',
      ],
      ['images that still replicate expire', 'unchangedSince && isManifestDeleted(record, set);', 'unchangedSince;'],
      [
        'the generation of an expired image is lost',
        '    generation,\n    firstSeenAt,',
        '    generation: 1,\n    firstSeenAt,',
      ],
    ],
  ),
  ...faultsIn(
    'src/core/image/decide.ts',
    [core('scenarios/early-timer'), core('scenarios/clock-ahead'), ...facts],
    [
      [
        'reports of a removed replica are kept',
        'stored === undefined ? undefined : dropStaleFacts(stored, decisionContext.set)',
        'stored',
      ],
      [
        'a late report of a removed replica is recorded',
        "if (predatesReplica(stated.region, stated.receivedAt, set)) return { record: before, outcome: 'outdated' };",
        '',
      ],
      ['a time far ahead counts', 'const fact = withCountedTime(earlier, stated);', 'const fact = stated;'],
      [
        'the media type is lost',
        'mediaType: record.mediaType ?? fact.mediaType ?? null',
        'mediaType: record.mediaType',
      ],
      [
        'what has changed still counts as published',
        'alreadyAnnounced: inGeneration.alreadyAnnounced.filter((subject) => !noLongerTrue.includes(subject))',
        'alreadyAnnounced: inGeneration.alreadyAnnounced',
      ],
      [
        'a forward that is queued is queued again',
        'entry.queuedAt === null && command.keys.includes(entry.key)',
        'command.keys.includes(entry.key)',
      ],
      [
        'all forwards count as queued',
        'entry.queuedAt === null && command.keys.includes(entry.key)',
        'entry.queuedAt === null',
      ],
      [
        'a timer that has rung early is relied on',
        'return scheduledFor !== undefined && requeueAt !== null &&',
        'return scheduledFor !== undefined && scheduledFor < 0 && requeueAt !== null &&',
      ],

      [
        'a timer that is set is not noted',
        'return isTimerSet(record.requeueAt, at, now) ? record : { ...noteFailures(record, failed), requeueAt: at };',
        'return record;',
      ],
      [
        'pushes of the tag with earlier digests are ignored',
        'keepRegions(leaveEarlier(updated, fact.tag), fact.region, set)',
        'keepRegions(updated, fact.region, set)',
      ],
    ],
  ),
  ...faultsIn('src/core/image/announcements.ts', facts, [
    [
      'the same event is announced twice',
      'if (announced.has(key) || alreadyAnnounced.includes(announcementSubject(announcement))) return false;',
      'if (alreadyAnnounced.includes(announcementSubject(announcement))) return false;',
    ],
    [
      'what was announced in an earlier generation is announced again',
      'announced.has(key) || alreadyAnnounced.includes(announcementSubject(announcement))',
      'announced.has(key)',
    ],
    [
      'regions that an image was complete for are announced again',
      'record.completedFor.includes(region) || isSeeding(record, region, set);',
      'isSeeding(record, region, set);',
    ],
    [
      'old images in a new replica are announced',
      'const isOld = record.completedFor.includes(region) || isSeeding(record, region, set);',
      'const isOld = record.completedFor.includes(region);',
    ],
    [
      'a copy that is not confirmed is announced',
      'if (isAvailableIn(record, region, set) && !isOld)',
      'if (isAvailable(arrival) && !isOld)',
    ],
    [
      'deletes are not announced',
      "else if (isDeleted(arrival) || (wasThere && hasDeletedMember(record, region))) make('deletedInRegion', { region });",
      '',
    ],
    [
      'in all replicas is announced too early',
      "else if (isComplete(record, set) && make('availableInAllReplicas')) {",
      "else if (make('availableInAllReplicas')) {",
    ],
    ['when it was everywhere is not noted', '    availableAt = now;\n', ''],
    [
      'for which regions it was complete is not noted',
      "&& make('availableInAllReplicas')) {\n    availableAt = now;\n    completedFor = expectedRegions(set);",
      "&& make('availableInAllReplicas')) {\n    availableAt = now;",
    ],
    ['deleted everywhere is not announced', "if (isDeletedUnannounced(record, set)) make('deletedInAllReplicas');", ''],
    ['an image is delayed at once', 'now >= record.firstSeenAt + policy.delayedAfterMs', 'now >= record.firstSeenAt'],
    [
      'delayed is announced a millisecond late',
      'now >= record.firstSeenAt + policy.delayedAfterMs',
      'now > record.firstSeenAt + policy.delayedAfterMs',
    ],
    [
      'delayed is announced while no replica is known',
      'return isKnown(set) && isFirstReplicating(record, set) &&',
      'return isFirstReplicating(record, set) &&',
    ],
    [
      'the superseding digest is left out',
      'movedTo === undefined || movedTo === null ? entry : { ...entry, supersededBy: movedTo }',
      'entry',
    ],
    ['tags wait without a bound', 'if (tagEvents >= maxPendingTagEvents) return false;', ''],
    [
      'forwards are lost',
      'forwards: due.length === 0 ? record.forwards : keepForwards',
      'forwards: due.length >= 0 ? record.forwards : keepForwards',
    ],
    ['announcements are kept without end', 'if (spare <= 0) return entries;', 'return entries;'],
    ['announcements that are not accepted are dropped', 'if (entry.publishedAt === null) return false;', ''],
    [
      'what could become due again is dropped',
      'announcement.generation < record.generation || mayForget(announcement, record)',
      'true',
    ],
  ]),
  ...faultsIn(
    'src/core/image/generation.ts',
    [core('scenarios/early-timer'), core('scenarios/clock-ahead'), ...facts],
    [
      [
        'a push after the deletion is no new generation',
        'if (!isPushedAgain) return record;',
        'if (true) return record;',
      ],
      ['a push between the deletes is a new generation', 'isLater(fact.eventTime, newestDelete(record, set))', 'true'],
      ['two generations begin in one millisecond', 'Math.max(fact.receivedAt, minStart(record))', 'fact.receivedAt'],
      [
        'an image that is complete for more regions is not announced',
        'const isForMore = wasComplete(record) && isGrown && !isSeedingSomewhere(record, set);',
        'const isForMore = false;',
      ],
      [
        'an image that came back everywhere is not announced',
        '!(isForMore || wasAnnouncedDeleted(record))',
        '!isForMore',
      ],
      ['a new generation keeps the number', 'generation: record.generation + 1', 'generation: record.generation'],
      ['a new generation is delayed from the start', '    delayedAt: null,\n', ''],
      ['a new generation was complete before', '    completedFor: [],\n', ''],
    ],
  ),
  ...faultsIn(
    'src/core/image/accepted-events.ts',
    [core('image/decide-commands'), core('store/image-writer'), core('image/cloud-event'), ...modes, ...properties],
    [
      ['everything pending counts as accepted', '.filter((key) => keys.includes(key))', ''],
      [
        'nothing counts as accepted',
        'if (accepted.length === 0) return record;',
        'if (accepted.length >= 0) return record;',
      ],
      [
        'the time of the completion event is not stored',
        'announcedAt: accepted.includes(completion) ? at : record.announcedAt',
        'announcedAt: record.announcedAt',
      ],
    ],
  ),
  ...faultsIn(
    'src/core/image/availability.ts',
    [core('image/availability'), core('image/tag-resolution'), ...modes],
    [
      [
        'one region less is enough',
        'satisfied: have >= requirement.needed',
        'satisfied: have >= requirement.needed - 1',
      ],
      [
        'a region that has another digest under the tag counts',
        '(tag === undefined || pointers?.regions.get(region)?.digest === digest)',
        'true',
      ],
      [
        'every region counts, not the requested ones',
        'requirement.regions.filter(satisfies).length',
        'set.replicas.map(({ region }) => region).filter(satisfies).length',
      ],
      [
        'missing regions are left out',
        'missing: requirement.regions.filter((region) => !satisfies(region))',
        'missing: []',
      ],
      [
        'the tag decides over the digest',
        'question.digest ?? pointers?.newest?.digest ?? null',
        'pointers?.newest?.digest ?? question.digest ?? null',
      ],
      [
        'a wait for a superseded tag goes on',
        "if (isSuperseded(known.pointers, known.record, tag, requirement.regions)) return 'superseded';",
        '',
      ],
      [
        'a wait for a deleted image goes on',
        "return document.state === 'deleted' ? 'deleted' : 'waiting';",
        "return 'waiting';",
      ],
      [
        'an image that is being deleted ends the wait',
        "document.state === 'deleted' ? 'deleted'",
        "document.state.startsWith('delet') ? 'deleted'",
      ],
      [
        'a satisfied wait may be superseded',
        "if (document.satisfied) return 'satisfied';\n  const { tag, digest } = question;",
        'const { tag, digest } = question;',
      ],
      ['a set is never stale', 'stale: isStale(set, now)', 'stale: false'],
    ],
  ),
  ...faultsIn(
    'src/core/image/region-availability.ts',
    [core('image/availability'), core('image/tag-resolution'), ...modes],
    [
      [
        'a copy that is not confirmed is available',
        "if (isAvailableIn(record, region, set)) return 'available';",
        "if (isAvailable(arrival)) return 'available';",
      ],
      [
        'a deleted copy is missing',
        "if (isDeleted(arrival) || hasDeletedMember(record, region)) return 'deleted';",
        '',
      ],
      ['a lag is in milliseconds', 'Math.max(0, milliseconds) / 1000', 'Math.max(0, milliseconds)'],
    ],
  ),
  ...faultsIn(
    'src/core/model/requirement.ts',
    [core('model/requirement'), core('image/forward-due'), ...modes],
    [
      [
        'without replicas nothing is needed',
        "if (require === 'all') return Math.max(1, regions.length);",
        "if (require === 'all') return regions.length;",
      ],
      ['unknown regions are waited for', 'known.find((region) => region === parseRegion(name))', 'parseRegion(name)'],
      [
        'more regions than there are may be required',
        'if (needed > wanted.length || needed < 1) {',
        'if (needed < 1) {',
      ],
      ['no region may be required', 'if (needed > wanted.length || needed < 1) {', 'if (needed > wanted.length) {'],
      ['a removed replica is waited for', 'return { ...requirement, regions, needed };', 'return requirement;'],
      [
        'a requirement of named regions follows the set',
        'if (requirement.isForEveryExpected !== true) return requirement;',
        '',
      ],
      ['while the set is empty nothing is needed', 'if (regions.length === 0) return requirement;', ''],
    ],
  ),
  ...faultsIn(
    'src/core/runtime/shared-poller.ts',
    [core('runtime/shared-poller')],
    [
      [
        'a new waiter gets a state that was read before',
        'if (listener.from <= read) listener.deliver(value);',
        'listener.deliver(value);',
      ],
      [
        'a failed read ends the waiters',
        '        () => undefined,\n',
        '        () => { for (const one of [...poller.listeners]) poller.listeners.delete(one); return undefined; },\n',
      ],
      ['a read that failed keeps its place', 'reads.release();', 'if (poller.reads < 0) reads.release();'],
      ['a slow storage is polled as fast', 'Math.max(pauseMs, Math.min(maxSlowPauseMs, tookMs / maxShare))', 'pauseMs'],
      [
        'a quiet subject is polled as often',
        'Math.min(pace.maxPauseMs, Math.max(pace.minPauseMs, quietMs))',
        'pace.minPauseMs',
      ],
      ['what is written here is not passed on', '        listener.deliver(state);\n      }', '      }'],
      ['a read under way replaces what was written since', 'listener.from = poller.reads + 1;', ''],
      ['a poller outlives its waiters', 'while (poller.listeners.size > 0) {', 'while (poller.reads < 50) {'],
      [
        'many who come read without a gap',
        'await clock.sleep(endedAt + minGapMs - clock.now(), poller.end.signal);',
        '',
      ],
      ['a signal that was aborted before is not seen', 'if (signal.aborted) finish(undefined);', ''],
    ],
  ),
  ...faultsIn(
    'src/core/query/ask.ts',
    [core('checks/several-images')],
    [
      [
        'images that were there one after the other end a wait',
        'if (signal.aborted || all.length === 1 || all.some(isFinal)) return;',
        'return;',
      ],
    ],
  ),
  ...faultsIn(
    'src/core/reconcile/retention.ts',
    [core('reconcile/retention'), core('reconcile/retention-bounds'), core('scenarios/failure-modes')],
    [
      [
        'deleted images are kept forever',
        "const { record: left } = await writer.submit(entry.name, { kind: 'expire', unchangedSince });",
        'const left = record;',
      ],

      ['an image that is kept leaves its lists', 'if (left !== undefined) return false;', 'void left;'],

      ['only the first page is read', 'cursor = page.next;', 'break;'],

      [
        'an expired image stays on its lists',
        '  await lists.remove(entry, everyList);\n  const { registry, repository, digest } = record.name;',
        '  const { registry, repository, digest } = record.name;',
      ],

      [
        'an expired image stays under its tags',
        'if (pushedAt !== null) await tags.forget',
        'if (pushedAt === null) await tags.forget',
      ],

      ['the retention is not read', 'clock.now() - retentionMs', 'clock.now()'],
      ['a run never ends', 'while (clock.now() < until) {', 'while (until > 0) {'],
      [
        'an entry without an image stays',
        '    await lists.remove(entry, everyList);\n    return false;',
        '    return false;',
      ],
    ],
  ),
  ...faultsIn(
    'src/core/image/forward-entry.ts',
    [core('forwarding/forwarder'), core('image/forward-due'), 'test/functions/events.test.ts'],
    [
      ['an earlier attempt of a forward takes the place of a later', 'one.attempts - other.attempts,', '0,'],
      ['a forward that was accepted is shown as retrying', 'finality[one.state] - finality[other.state],', '0,'],
      ['one region less is enough', 'return has.length >= needed;', 'return has.length >= needed - 1;'],
      [
        'a region without the tag counts',
        'isAvailableIn(record, region, set) && hasTag(arrival, tag)',
        'isAvailableIn(record, region, set)',
      ],
      [
        'a copy that is not confirmed counts',
        'arrival !== undefined && isAvailableIn(record, region, set) && hasTag',
        'arrival !== undefined && hasTag',
      ],
      ['the same is forwarded twice', 'if (noted.has(key) || ', 'if ('],
      [
        'a tag that has moved on is forwarded',
        "if (!isCompared || (state !== 'open' && state !== 'converged')) continue;",
        'if (!isCompared) continue;',
      ],
      [
        'a tag is forwarded before it is compared',
        "if (!isCompared || (state !== 'open' && state !== 'converged')) continue;",
        "if (state !== 'open' && state !== 'converged') continue;",
      ],
      ['another registry is forwarded', 'return isRegistry && fits', 'return fits'],
      ['any tag is forwarded', ' && fits(target.tags, tag)', ''],
      ['a forward that is to be queued is lost', 'entry.queuedAt === null || !isOfBefore(entry)', '!isOfBefore(entry)'],
      [
        'forwards that could be due again are dropped',
        'entry.queuedAt !== null && !mayBeDueAgain(entry, record)',
        'entry.queuedAt !== null',
      ],
      ['forwards are kept without end', 'if (spare <= 0) return kept;', 'return kept;'],
      [
        'two forwards have one id',
        'return uuidOf([key, registry, repository, digest]);',
        'return uuidOf([registry, repository, digest]) || key;',
      ],
    ],
  ),
  ...faultsIn(
    'src/core/forwarding/forwarder.ts',
    [core('forwarding/forwarder')],
    [
      [
        'a forward of a deleted image is sent',
        "if (outcome === 'deleted' || outcome === 'superseded') {",
        "if (outcome === 'superseded') {",
      ],

      [
        'a forward of a superseded tag is sent',
        "if (outcome === 'deleted' || outcome === 'superseded') {",
        "if (outcome === 'deleted') {",
      ],
      [
        'a forward of an image that a region has lost is sent',
        "if (outcome === 'waiting') {",
        "if (outcome === 'satisfied' && attempt < 0) {",
      ],

      ['a refused webhook counts as sent', 'await queue.put(order, attempt + 1, pauseMs);', ''],
      [
        'a refused webhook is tried for ever',
        'if (clock.now() + pauseMs > order.madeAt + maxMs) {',
        'if (clock.now() < 0) {',
      ],
      ['what was given up is not put on the poison queue', 'await queue.deadLetter(order, refusal);', ''],

      ['attempts are not counted', 'queue.put(order, attempt + 1, pauseMs)', 'queue.put(order, attempt, pauseMs)'],
      [
        'the pause that a target asks for is ignored',
        'Math.max(pauseAfter(attempt), retryAfterMs)',
        'pauseAfter(attempt)',
      ],

      ['pauses grow without a bound', 'Math.min(maxPauseMs, Math.max(', 'Math.max(Math.max('],
    ],
  ),
  ...faultsIn(
    'src/core/outbox/forward-relay.ts',
    [core('forwarding/forwarder'), core('image/forward-due')],
    [
      [
        'a forward that the queue did not accept counts as queued',
        "answers[i]?.status === 'fulfilled'",
        'answers[i] !== undefined',
      ],
      [
        'a queued forward is queued again with a refused one',
        'if (accepted.length > 0)',
        'if (accepted.length === keys.length)',
      ],
      ['a forward in flight is queued twice', '!inFlight.has(forwardKey(key))', 'key !== ""'],
      ['after a failure nothing is queued again', 'for (const key of keys) inFlight.delete(forwardKey(key));', ''],
    ],
  ),
];
