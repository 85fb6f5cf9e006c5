/** Which replicas there are: a set must not shrink without proof, nor void reports. */
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
      'a replica in the state `Deleting` counts as removed',
      'if (!isLeaving && now - missingAt < proofAfterMs)',
      'if (now - missingAt < proofAfterMs)',
    ],
    ['a replica that ARM does not list counts as removed', "findingOf(old, found) !== 'absent'", 'here.length > 0'],
    [
      'a replica that ARM gave no clear answer about counts as removed',
      "found.get(nameOf(replica)) ?? 'unclear'",
      "found.get(nameOf(replica)) ?? 'absent'",
    ],
    [
      'what is unclear is absent',
      "finding === 'absent' ? [] : [finding === 'unclear' ? one : finding]",
      "typeof finding === 'string' ? [] : [finding]",
    ],
    [
      'reports of the home region are void',
      'withAbsence(there ?? home, old?.lastAbsentAt)',
      'withAbsence(there ?? home, now)',
    ],
    ['the home region is asked about as a replica', '.filter(({ region }) => region !== home.region)', ''],
    [
      'a new replica gets the reports of the one before it',
      'if (there !== undefined) return [withAbsence(there, missingAt)];',
      'if (there !== undefined) return [there];',
    ],
    ['when a replica was removed is lost', 'gone.set(region, { region, name: nameOf(old), at: now });', ''],
    ['a replica that is back stays removed', 'for (const { region } of replicas) gone.delete(region);', ''],
    [
      'reports of a removed replica count for the new one',
      'if (there !== undefined) return [withAbsence(there, before?.at)];',
      'if (there !== undefined) return [there];',
    ],
    ['an old list brings back a removed replica', '.filter((each) => nameOf(each) !== before?.name)', ''],
    ['a replica that is leaving counts for more', 'there.find((one) => !isDeleting(one)) ?? there[0]', 'there[0]'],
    [
      'a replica found in another region is here',
      " && finding.region !== replica.region ? 'absent' : finding",
      " && finding.region === undefined ? 'absent' : finding",
    ],
    ['since when it is missing is counted again', 'Math.min(old.missingAt ?? now, now)', 'now'],
  ]),
  ...faultsIn('src/core/model/replica-set.ts', tests, [
    ['regions that are only observed are waited for', '{ ...known, expected: false }', 'known'],
    ['a set is never stale', 'now - set.refreshedAt > staleAfterMs', 'false'],
    ['a set from settings is stale', "set.source !== 'settings' && ", ''],
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
      "if (isVersionChanged()) return againIfOlder();\n    const next = completed({ ...answer, source: 'arm', refreshedAt, verify: registry.verify });\n    const saved = await store.save(registry.name, next, basedOn)",
      "const next = completed({ ...answer, source: 'arm', refreshedAt, verify: registry.verify });\n    const saved = await store.save(registry.name, next, inUse.version())",
    ],
    ['one that cannot be found is absent', "return [name, 'unclear'];", "return [name, 'absent'];"],
    [
      'a set that was refused by the storage is used',
      "if (saved === 'conflict' || isVersionChanged()) return againIfOlder();",
      '',
    ],
    [
      'the set is as new as its answer',
      'const refreshedAt = clock.now();\n    const before = inUse.current();',
      'let refreshedAt = clock.now();\n    await clock.sleep(1);\n    refreshedAt = clock.now() + 60_000;\n    const before = inUse.current();',
    ],
  ]),
  ...faultsIn('src/core/replicas/refresh-pace.ts', tests, [
    ['many requests each call ARM', 'if (asking === undefined && clock.now() < freeAt) return;', ''],
    ['a refresh that is requested in the pause is lost', 'else void askLater();', ''],
    ['each call in the pause sends a request of its own', 'if (isPostponed) return;', ''],
    ['what is requested during a postponed request is lost', '    isPostponed = false;\n', ''],
    [
      'a request that is under way is soon enough for all',
      'if (asking === undefined && clock.now() >= freeAt)',
      'if (asking !== undefined || clock.now() >= freeAt)',
    ],
    ['a timer that fires early asks nothing', 'if (freeAt === dueAt) asking', 'if (clock.now() >= freeAt) asking'],
    ['the pauses never grow', 'Math.min(failures * firstPauseMs, pauseMs)', 'firstPauseMs'],
    ['the pauses grow forever', 'Math.min(failures * firstPauseMs, pauseMs)', 'failures * firstPauseMs'],
    ['an answer does not make them short again', "outcome === 'answered' ? 0 : failures + 1", 'failures + 1'],
    ['the pause that ARM asks for is ignored', 'Math.min(retryAfterMs, maxRetryAfterMs)', '0'],
    ['ARM may ask for any pause', 'Math.min(retryAfterMs, maxRetryAfterMs)', 'retryAfterMs'],
    ['a question calls ARM while a call is under way', 'if (asking === undefined) soon();', 'soon();'],
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
    ['a set that cannot be read is trusted forever', 'clock.now() - loadedAt <= trustedMs', 'loadedAt <= clock.now()'],
    ['a set is read once', 'clock.now() - triedAt > reloadMs', 'triedAt < 0'],
    [
      'that ARM does not answer is not shown',
      "if (set.source === 'arm' && clock.now() - set.refreshedAt > unansweredMs) use({ ...set, source: 'remembered' });",
      '',
    ],
    ['a change is not passed on', 'if (changed) deps.onChange(registry);', ''],
    ['the first answer is not waited for', '        await first;\n', ''],
    [
      'ARM is called although settings name the regions',
      'return registry.regions !== undefined || directory === undefined;',
      'return directory === undefined;',
    ],
  ]),
  ...faultsIn('src/core/ingest/receive-time.ts', tests, [
    ['a clock that is behind makes the first reports void', 'isBehind ? { ...fact', 'isBehind && false ? { ...fact'],
    ['any difference of clocks is corrected', ' && before - fact.receivedAt <= clockSkewMs', ''],
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
      'a run that fails is not continued',
      'await deps.checkpoints.save(registry.name, { ...checkpoint, cursor });',
      'await deps.checkpoints.save(registry.name, { ...checkpoint, cursor: null });',
    ],
    ['a change is not noticed', 'if (checkpoint?.set !== set) {', 'if (checkpoint === undefined) {'],
    [
      'a failed image counts as done',
      'Promise.all(some.map(({ name }) => deps.reevaluate(name)))',
      'Promise.allSettled(some.map(({ name }) => deps.reevaluate(name)))',
    ],
    [
      'only the first page is evaluated',
      'for (let page = 0; page < maxPages && cursor !== null && clock.now() < until; page++) {',
      'for (let page = 0; page < 1 && cursor !== null && clock.now() < until; page++) {',
    ],
  ]),
];
