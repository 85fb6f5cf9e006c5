/** The result of reading an index when some nested indexes are missing, not understood, or cannot be read. */
import { expect, test } from 'vitest';
import { readIndex } from '../../../src/core/members/read-index.ts';
import type { ManifestAnswer } from '../../../src/core/ports.ts';
import { pushOf, recordOf, registryOf } from '../../support/build.ts';
import type { Index } from '../../support/index-of.ts';
import { indexOf, indexType, memoryManifests, platformOf } from '../../support/index-of.ts';

const missing = indexOf(platformOf(1));
const there = indexOf(platformOf(2));
const strange = indexOf(platformOf(3));
const isMissing = { kind: 'incomplete', reason: 'an index in it was not found' };

function nested({ digest }: Index) {
  return { digest, mediaType: indexType };
}

/** @param answers returned for a digest instead of its manifest */
async function read(outer: Index, served: readonly Index[], answers: ReadonlyMap<string, ManifestAnswer> = new Map()) {
  const manifests = memoryManifests(outer, ...served);
  const reader: typeof manifests = {
    ...manifests,
    async read(...asked) {
      const answer = await manifests.read(...asked);
      return answers.get(asked[3]) ?? answer;
    },
  };
  const image = recordOf(outer.digest, [pushOf('eastus', '2026-06-01T12:00:00Z', { mediaType: indexType })]);
  const result = await readIndex(reader, registryOf(), image);
  return { result, members: 'members' in result ? result.members.map(({ digest }) => digest) : [] };
}

const notUnderstood = new Map<string, ManifestAnswer>([
  [strange.digest, { kind: 'unclear', reason: 'another digest', retryAfterMs: undefined, scope: 'image' }],
]);
const notAnswered = new Map<string, ManifestAnswer>([
  [strange.digest, { kind: 'unclear', reason: '429 for the manifest', retryAfterMs: 2_000 }],
]);

test('an index behind one that is missing is read all the same', async () => {
  const { result, members } = await read(indexOf(nested(missing), nested(there)), [there]);
  expect(result).toMatchObject(isMissing);
  expect(members).toEqual([missing.digest, there.digest, platformOf(2).digest]);
});

test('an index below one behind a missing one is read all the same', async () => {
  const middle = indexOf(nested(there));
  const { result, members } = await read(indexOf(nested(missing), nested(middle)), [middle, there]);
  expect(result).toMatchObject(isMissing);
  expect(members).toContain(platformOf(2).digest);
});

test.each([
  ['before', [strange, missing]],
  ['behind', [missing, strange]],
])(
  'an index is incomplete with a nested one that is not understood, %s one that is missing',
  async (_where, listed) => {
    expect((await read(indexOf(...listed.map(nested)), [strange], notUnderstood)).result).toMatchObject(isMissing);
  },
);

test('an index is unreadable with a nested one that is not understood, and none that is missing', async () => {
  const { result } = await read(indexOf(nested(strange), nested(there)), [strange, there], notUnderstood);
  expect(result).toMatchObject({ kind: 'unreadable', reason: 'another digest' });
});

test('an index is incomplete, and read again as late as asked, where the registry stops answering behind a missing one', async () => {
  const { result } = await read(indexOf(nested(missing), nested(strange)), [strange], notAnswered);
  expect(result).toMatchObject({ ...isMissing, retryAfterMs: 2_000 });
  const other = await read(indexOf(nested(there), nested(strange)), [there, strange], notAnswered);
  expect(other.result).toMatchObject({ kind: 'unclear', retryAfterMs: 2_000 });
});

test('an index is incomplete with more than a hundred members, of which one behind the hundredth is missing', async () => {
  const many = indexOf(...Array.from({ length: 101 }, (_, i) => platformOf(10 + i)));
  const { result, members } = await read(indexOf(nested(many), nested(missing)), [many]);
  expect(result).toMatchObject(isMissing);
  expect(members).toHaveLength(100);
  expect((await read(indexOf(nested(many)), [many])).result).toMatchObject({ kind: 'unreadable' });
});

test('an index that lists more than a hundred members itself is unreadable, and none of them is read', async () => {
  const listed = Array.from({ length: 100 }, (_, i) => platformOf(10 + i));
  const { result } = await read(indexOf(nested(missing), ...listed), []);
  expect(result).toMatchObject({ kind: 'unreadable', reason: 'more than 100 members' });
});
