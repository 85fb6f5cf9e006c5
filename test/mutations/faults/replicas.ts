/** Which replicas there are: a set must not shrink without proof, nor void what was said. */
import type { Fault } from '../fault.ts';
import { faultsIn } from '../fault.ts';

const tests = [
  'replicas/replica-proof',
  'replicas/refresh-pace',
  'replicas/replica-set-cache',
  'model/replica-set',
  'scenarios/replaced-replica',
  'ingest/receive-time',
  'reconcile/reconcile-open',
].map((name) => `test/core/${name}.test.ts`);

export const replicaFaults: readonly Fault[] = [
  ...faultsIn('src/core/replicas/replica-proof.ts', tests, [
    ['one answer that there is none is proof', 'now - missingAt < proofAfterMs', 'false'],
    ['two answers of one moment are proof', 'export const proofAfterMs = 120_000;', 'export const proofAfterMs = 0;'],
    [
      'a replica that is said to be leaving is proof enough',
      'if (!isLeaving && now - missingAt < proofAfterMs)',
      'if (now - missingAt < proofAfterMs)',
    ],
    ['a replica that ARM does not list is gone', "findingOf(old, found) !== 'absent'", 'here.length > 0'],
    [
      'a replica that nobody could ask about is gone',
      "found.get(nameOf(replica)) ?? 'unclear'",
      "found.get(nameOf(replica)) ?? 'absent'",
    ],
    [
      'what is unclear is absent',
      "finding === 'absent' ? [] : [finding === 'unclear' ? one : finding]",
      "typeof finding === 'string' ? [] : [finding]",
    ],
    [
      'what the home region said is void',
      'withAbsence(there ?? home, old?.lastAbsentAt)',
      'withAbsence(there ?? home, now)',
    ],
    ['the home region is asked about as a replica', '.filter(({ region }) => region !== home.region)', ''],
    [
      'a new replica is given what the one before it said',
      'if (there !== undefined) return [withAbsence(there, missingAt)];',
      'if (there !== undefined) return [there];',
    ],
    ['when a replica went is forgotten', 'gone.set(region, { region, name: nameOf(old), at: now });', ''],
    ['a replica that is back stays gone', 'for (const { region } of replicas) gone.delete(region);', ''],
    [
      'what a replica before it said counts for the new one',
      'if (there !== undefined) return [withAbsence(there, before?.at)];',
      'if (there !== undefined) return [there];',
    ],
    ['an old list brings back a replica that is gone', '.filter((each) => nameOf(each) !== before?.name)', ''],
    ['a replica that is leaving counts for more', 'there.find((one) => !isDeleting(one)) ?? there[0]', 'there[0]'],
    [
      'a replica found in another region is here',
      " && finding.region !== replica.region ? 'absent' : finding",
      " && finding.region === undefined ? 'absent' : finding",
    ],
    ['since when it is missing is counted anew', 'Math.min(old.missingAt ?? now, now)', 'now'],
  ]),
  ...faultsIn('src/core/model/replica-set.ts', tests, [
    ['regions that are only observed are waited for', '{ ...known, expected: false }', 'known'],
    ['a set is never stale', 'now - set.refreshedAt > staleAfterMs', 'false'],
    ['a set that settings tell is stale', "set.source !== 'settings' && ", ''],
    [
      'observed regions count as expected',
      '.filter((replica) => replica.expected).map((replica) => replica.region);',
      '.map((replica) => replica.region);',
    ],
    [
      'a set without expected replicas is known',
      'set.replicas.some((replica) => replica.expected)',
      'set.replicas.length > 0',
    ],
  ]),
  ...faultsIn('src/core/replicas/ask-for-replicas.ts', tests, [
    [
      'an answer of ARM replaces a newer one',
      "if (isOvertaken()) return againIfOlder();\n    const next = completed({ ...told, source: 'arm', refreshedAt, verify: registry.verify });\n    const saved = await store.save(registry.name, next, basedOn)",
      "const next = completed({ ...told, source: 'arm', refreshedAt, verify: registry.verify });\n    const saved = await store.save(registry.name, next, inUse.version())",
    ],
    ['one that cannot be found is absent', "return [name, 'unclear'];", "return [name, 'absent'];"],
    [
      'a set that was refused by the storage is used',
      "if (saved === 'conflict' || isOvertaken()) return againIfOlder();",
      '',
    ],
    [
      'the set is as new as its answer',
      'const refreshedAt = clock.now();\n    const before = inUse.current();',
      'let refreshedAt = clock.now();\n    await clock.sleep(1);\n    refreshedAt = clock.now() + 60_000;\n    const before = inUse.current();',
    ],
  ]),
  ...faultsIn('src/core/replicas/refresh-pace.ts', tests, [
    ['ARM is asked by a flood', 'if (asking === undefined && clock.now() < freeAt) return;', ''],
    ['a refresh that is wanted in the pause is forgotten', 'else void askLater();', ''],
    ['each who wants it in the pause has one of their own', 'if (isPostponed) return;', ''],
    ['what is wanted during a postponed request is forgotten', '    isPostponed = false;\n', ''],
    [
      'a request that is under way is soon enough for all',
      'if (asking === undefined && clock.now() >= freeAt)',
      'if (asking !== undefined || clock.now() >= freeAt)',
    ],
    ['a timer that rings early asks nothing', 'if (freeAt === dueAt) asking', 'if (clock.now() >= freeAt) asking'],
    ['the pauses never grow', 'Math.min(failures * firstPauseMs, pauseMs)', 'firstPauseMs'],
    ['the pauses grow for ever', 'Math.min(failures * firstPauseMs, pauseMs)', 'failures * firstPauseMs'],
    ['an answer does not make them short again', "asked === 'answered' ? 0 : failures + 1", 'failures + 1'],
    ['what ARM wants is passed over', 'Math.min(retryAfterMs, longestPauseMs)', '0'],
    ['ARM may want any pause', 'Math.min(retryAfterMs, longestPauseMs)', 'retryAfterMs'],
    ['a question has ARM asked when it is being asked', 'if (asking === undefined) soon();', 'soon();'],
  ]),
  ...faultsIn('src/core/replicas/replica-set-cache.ts', tests, [
    ['a question asks ARM although it answers', "        if (set.source !== 'remembered') return;\n", ''],
    [
      'a question does not wait for the first answer',
      'if (asking !== undefined && !isKnown(set)) await',
      'if (asking === undefined) await',
    ],
    [
      'a question waits for an answer that it can do without',
      'if (asking !== undefined && !isKnown(set))',
      'if (asking !== undefined)',
    ],
    [
      'what was saved meanwhile is overwritten by what was read',
      'if (version === before && stored?.version !== before) {',
      'if (stored?.version !== version) {',
    ],
    ['a set that cannot be read is trusted for ever', 'clock.now() - loadedAt <= trustedMs', 'loadedAt <= clock.now()'],
    ['a set is read once', 'clock.now() - triedAt > reloadMs', 'triedAt < 0'],
    [
      'that ARM does not answer is not said',
      "if (set.source === 'arm' && clock.now() - set.refreshedAt > unansweredMs) use({ ...set, source: 'remembered' });",
      '',
    ],
    ['nobody is told of a change', 'if (changed) deps.onChange(registry);', ''],
    ['nobody waits for the first answer', '        await first;\n', ''],
    [
      'settings are asked of ARM',
      'return registry.regions !== undefined || directory === undefined;',
      'return directory === undefined;',
    ],
  ]),
  ...faultsIn('src/core/ingest/receive-time.ts', tests, [
    ['a clock that is behind makes the first words void', 'isBehind ? { ...fact', 'isBehind && false ? { ...fact'],
    ['any difference of clocks is mended', ' && before - fact.receivedAt <= clockSkewMs', ''],
  ]),
  ...faultsIn('src/core/store/list-completeness.ts', tests, [
    [
      'a grown set leaves images on no list',
      'return isUnfinished || isMore(checkpoint.set, nameOfSet(set));',
      'return isUnfinished;',
    ],
  ]),
  ...faultsIn('src/core/reconcile/reconcile-open.ts', tests, [
    [
      'a review that fails is not begun again',
      'await deps.reviews.save(registry.name, { ...note, cursor });',
      'await deps.reviews.save(registry.name, { ...note, cursor: null });',
    ],
    ['a change is not reviewed', 'if (note?.set !== set) {', 'if (note === undefined) {'],
    [
      'a failed review counts as done',
      'Promise.all(some.map(({ name }) => deps.review(name)))',
      'Promise.allSettled(some.map(({ name }) => deps.review(name)))',
    ],
    [
      'only the first page is reviewed',
      'for (let page = 0; page < maxPages && cursor !== null && clock.now() < until; page++) {',
      'for (let page = 0; page < 1 && cursor !== null && clock.now() < until; page++) {',
    ],
  ]),
];
