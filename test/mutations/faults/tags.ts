/** Tags: where they point, which digest came later, and what becomes of the others. */
import type { Fault } from '../fault.ts';
import { faultsIn } from '../fault.ts';

const core = (name: string) => `test/core/${name}.test.ts`;
const tags = [
  ...[
    'image/tag-resolution',
    'image/tag-pushes',
    'reconcile/compare-tag',
    'image/tag-progress',
    'scenarios/tag-events',
    'scenarios/next-generation',
    'scenarios/clock-ahead',
    'forwarding/forwarder',
    'scenarios/failure-modes',
  ].map(core),
  ...['scenarios/failure-modes-world', 'image/model.property', 'scenarios/many-tags'].map(core),
];

export const tagFaults: readonly Fault[] = [
  ...faultsIn('src/core/image/tag-resolution.ts', tags, [
    [
      'the first push in a region decides',
      '(isLastIn(region, b, a) ? b : a)',
      '(a !== undefined && isLastIn(region, a, b) ? a : b)',
    ],
    [
      'a deleted digest still has the tag',
      'if (isDeleted(arrival)) deleted.push(pointer);',
      'if (isDeleted(arrival)) regions.set(region, pointer);',
    ],
    [
      'a tag that has left is still there',
      'else if (hasTag(arrival, tag) && mayPointHere(last))',
      'else if (mayPointHere(last))',
    ],
    ['a tag points where it has moved from', ' && mayPointHere(last)', ''],
    [
      'two pushes of one instant are decided by order',
      'at !== null && (other === null || at >= other)',
      'at !== null && (other === null || at > other)',
    ],
    [
      'the oldest digest is the newest',
      'return isProbablyLater(a.pushes, b.pushes) ? a : b;',
      'return isProbablyLater(a.pushes, b.pushes) ? b : a;',
    ],
    [
      'a tag is converged though a region lacks it',
      'if (digests.size === 1 && !digests.has(undefined))',
      'digests.delete(undefined);\n  if (digests.size === 1)',
    ],
    ['an overwrite under way is diverged', ' && now - firstPush(newest.pushes) > delayedAfterMs', ''],
    ['a tag never diverges', 'return isAnyBehind && now', 'return isAnyBehind && false && now'],
    ['one region is enough to supersede', 'return regions.every((region) => {', 'return regions.some((region) => {'],
    [
      'without replicas a tag is superseded',
      'if (lastPush(own) === null || regions.length === 0) return false;',
      'if (lastPush(own) === null) return false;',
    ],
    ['a tag is superseded though the order is not known', ' && isPushedLater(pointer.pushes, own)', ''],
  ]),
  ...faultsIn('src/core/image/tag-pushes.ts', tags, [
    ['the order is known although a region reported the opposite', ' && regionsLater(than, pushes).length === 0', ''],
    [
      'times of two regions are compared',
      'return regionsLater(pushes, than).length > 0 && regionsLater(than, pushes).length === 0;',
      "return (lastPush(pushes) ?? '') > (lastPush(than) ?? '');",
    ],
    ['the earlier of two pushes is kept', 'isLater(at, pushIn(pushes, region))', 'pushIn(pushes, region) === null'],
    ['a guess is never made', 'return last !== null && isLater(last, other);', 'return false;'],
  ]),
  ...faultsIn('src/core/image/tag-progress.ts', tags, [
    [
      'a tag is not opened',
      'before === undefined ? keepNewest({ ...tags, [tag]: opened }, record, tag) : tags',
      'tags',
    ],
    ['a tag that is opened counts as compared', 'round: 1, isCompared: false', 'round: 1, isCompared: true'],
    [
      'a tag that may be back is not compared',
      'if (before?.isOrdered && !mayBeBack(before, region, eventTime)) return',
      'if (before?.isOrdered) return',
    ],
    [
      'an unknown order is not compared again',
      'if (before?.isOrdered && !mayBeBack',
      'if (before !== undefined && !mayBeBack',
    ],
    [
      'progress grows without end',
      'if (Object.keys(tags).length <= 2 * maxMovedTags) return tags;',
      'if (tags) return tags;',
    ],
    [
      'the tags that point here are dropped first',
      '...here.slice(1 - maxTags), ...others.slice(-2 * maxMovedTags)',
      '...here.slice(1 - maxMovedTags), ...others.slice(-2 * maxMovedTags)',
    ],
    ['an older digest gets the tag', 'if (isKnown || !isPushedLater(pushes, own)) {', 'if (isKnown) {'],
    ['a converged tag is superseded', "converged: 'moved'", "converged: 'superseded'"],
    ['an open tag that has moved is not announced', "open: 'superseded'", "open: 'moved'"],
    ['where a tag went first is lost', 'movedTo: isNewFact ? to : progress.movedTo', 'movedTo: to'],
    ['a tag that is back opens no round', '{ ...progress, ...newRound, round: progress.round + 1 }', 'progress'],
    ['a tag that is back keeps its round', 'round: progress.round + 1', 'round: progress.round'],
    [
      'a comparison counts though the tag was pushed meanwhile',
      'if (latestPushes(own, tagPushes(record, tag)) !== own) return record;',
      '',
    ],
    [
      'a comparison counts though the tag has moved meanwhile',
      'if (progress?.round !== seen?.round || !isSameTime(progress?.movedBy, seen?.movedBy)) return record;',
      '',
    ],
    [
      'a comparison is complete though one is on its way',
      'const endsComparison = isComplete && ',
      'const endsComparison = ',
    ],
    [
      'a tag converges in one region',
      '!there.every((arrival) => hasTag(arrival, name))',
      '!there.some((arrival) => hasTag(arrival, name))',
    ],
    [
      'a tag converges though a region is missing',
      'expected.length > 0 && there.length === expected.length',
      'there.length > 0',
    ],
    [
      'a tag converges before it is compared',
      "progress.state !== 'open' || !progress.isCompared",
      "progress.state !== 'open'",
    ],
    ['a tag that converged stays open', "? [text, { ...progress, state: 'converged' }]", '? [text, progress]'],
    [
      'superseded is not announced',
      "if (progress.state === 'superseded') note(",
      "if (progress.state === 'superseded' && false) note(",
    ],
    [
      'a tag that may be back is never probed',
      "(state === 'converged' && isInDoubt(record, tag as Tag, set))",
      'false',
    ],
    [
      'an open tag is dropped with its generation',
      'return { tags: Object.fromEntries(tags), uncomparedTags };\n}\n\n/**\n * The tag',
      'return { tags: {}, uncomparedTags: [] };\n}\n\n/**\n * The tag',
    ],
    [
      'a late report gives an older digest the tag back',
      'const left = leftInRegions(record, tag, progress.others);',
      'const left = record;',
    ],
  ]),
  ...faultsIn('src/core/reconcile/compare-tag.ts', tags, [
    [
      'nothing is recorded in earlier digests',
      'await compareWith(other.digest);\n  const { isOneUnstored',
      'void other;\n  const { isOneUnstored',
    ],
    [
      'a digest that cannot be found is never read again',
      'const isComplete = !isOneUnstored || now >= image.changedAt + maxStoreDelayMs;',
      'const isComplete = true;',
    ],
    [
      'a digest that was never stored is read without end',
      'const isComplete = !isOneUnstored || now >= image.changedAt + maxStoreDelayMs;',
      'const isComplete = !isOneUnstored;',
    ],
    [
      'that this one has lost the tag is not recorded',
      'if (hasLeft(theirs, found.own)) await recordInThis(other, theirs);',
      '',
    ],
    [
      'what was pushed meanwhile is not seen',
      'if (latestPushes(theirs, latest) !== theirs) await recordInThis(other, latest);',
      '',
    ],
    ['every digest is the newest', 'isNewest: found.isNewest && isProbablyLater(own, latest)', 'isNewest: true'],
    [
      'every order is known',
      'isOrdered: found.isOrdered && (isTheirsLater || isPushedLater(own, latest))',
      'isOrdered: true',
    ],
    ['the other pushes are ignored', 'others: latestPushes(found.others, latest)', 'others: {}'],
    ['only one earlier digest is compared', 'const maxEarlier = 3;', 'const maxEarlier = 1;'],
    [
      'later digests next to it are not compared',
      'const near = later.slice(-nearLater);',
      'const near = later.slice(0, 0);',
    ],
    [
      'the end of the comparison is not noted',
      "  await writer.submit(image.name, { kind: 'tagCompared', ...compared, isComplete });",
      '  void [compared, isComplete];',
    ],
    ['nothing is recorded in one whose order is not known', ' || isUnordered', ''],
    ['nothing is recorded in one that has this as the newer', ' || isMistaken', ''],
    ['nothing is recorded in one that has not arrived where this one has', ' || (isElsewhere && hasNotMoved)', ''],
    [
      'nothing is recorded in one that has converged and has not arrived where this one has',
      " || other?.state === 'converged'",
      '',
    ],
  ]),
  ...faultsIn('src/core/reconcile/tag-reconciler.ts', tags, [
    ['what comes during a comparison is not compared', 'latest = comparing.get(key)) {', 'latest = undefined) {'],
    ['a comparison that failed keeps others from it', 'comparing.delete(key);', ''],
    ['only the first tag is compared', 'for (const tag of all) await', 'for (const tag of all.slice(0, 1)) await'],
    ['each write compares all tags again', '.filter((tag) => !isKnown(tag))', '.filter((tag) => !isKnown(tag) || tag)'],
    [
      'a new push of a tag that is unchecked is not compared',
      '        !hasNewPush(before, image, tag);',
      '        true;',
    ],
  ]),
  ...faultsIn(
    'src/core/replicas/probe-image.ts',
    [core('replicas/probe-image')],
    [
      [
        'a region whose clock is ahead keeps the earlier digest of a tag',
        'if (earlier !== undefined && moved !== undefined) await',
        'if (earlier !== undefined && moved === undefined) await',
      ],
      [
        'an unclear answer about a tag is an untag',
        "if (answer.kind === 'unclear') return answer.retryAfterMs ?? 0;\n    const known",
        'const known',
      ],
      [
        'absent is a deletion although the image is not being deleted',
        "answer.kind === 'absent' && isDeleting",
        "answer.kind === 'absent'",
      ],
      ['absent is no deletion while the image is being deleted', "answer.kind === 'absent' && isDeleting", 'false'],
      ['present while the image is being deleted is a push', 'fact !== undefined && !isDeleting', 'fact !== undefined'],
      [
        'every digest of a deleted tag loses it',
        'arrival === undefined || !(hasTag(arrival, tag) || mayHaveTag(arrival, tag))',
        'arrival === undefined',
      ],
      [
        'a doubtful tag that is deleted is not noted as deleted',
        '!(hasTag(arrival, tag) || mayHaveTag(arrival, tag))',
        '!hasTag(arrival, tag)',
      ],
      ['what is known is noted again', 'const fact = isKnown ? undefined : toFact', 'const fact = toFact'],
      ['no clear answer is one', 'filter(({ pause }) => pause !== undefined)', 'filter(({ pause }) => pause === -1)'],
      ['the pause that replicas ask for is ignored', 'Math.max(0, ...unclear.map(({ pause }) => pause ?? 0))', '0'],
    ],
  ),
  ...faultsIn(
    'src/core/replicas/prober.ts',
    [core('replicas/prober'), core('scenarios/failure-modes-world')],
    [
      [
        'a replica that is down is probed further',
        'if (replica.pausedUntil > now) return replica.pausedUntil - now;',
        '',
      ],
      [
        'a replica that asks for a pause is probed further',
        'const pauseMs = answer.retryAfterMs ?? ownMs;',
        'const pauseMs = ownMs;',
      ],
      [
        'the budget is not kept',
        'replica.spent >= budget.perSpan ? replica.spanStartedAt + budget.spanMs - now : 0',
        '0',
      ],
      ['pauses do not grow', 'if (leftMs <= 0) replica.failures++;', ''],
      ['an outage counts as many as were under way', 'if (leftMs <= 0) replica.failures++;', 'replica.failures++;'],
      ['failures before an answer still count', '      replica.failures = 0;\n', ''],
      ['all ask at once', 'await replica.requests.acquire();', ''],
      ['a place is never released', 'replica.requests.release();', ''],
      [
        'the answer is as new as our clock',
        'return toEventTime(Math.min(askedAt, answeredAt));',
        'return toEventTime(askedAt);',
      ],
      [
        'the time of a replica whose clock is ahead is used',
        'return toEventTime(Math.min(askedAt, answeredAt));',
        'return toEventTime(answeredAt);',
      ],
      ['a broken image is there', " || (registry.verify === 'deep' && !answer.isWhole)", ''],
      ['no clear answer is a yes', "if (answer.kind !== 'present' ||", "if (answer.kind === 'absent' ||"],
    ],
  ),
];
