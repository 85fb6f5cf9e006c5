/** Keys of the tables: the service accepts every one of them, and the name can be read from it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  imageRow,
  listRange,
  listRow,
  parseImageRow,
  parseListRow,
  repositoryList,
  tagRow,
} from '../../src/adapters/table-storage/keys.ts';
import { parseDigest } from '../../src/core/model/digest.ts';
import { parseRepository, parseTag } from '../../src/core/model/reference.ts';
import { everyList } from '../../src/core/ports.ts';
import { repositoryOf } from '../support/build.ts';

const registry = 'contoso';
const repositories = fc
  .stringMatching(/^[a-z0-9]{1,60}((\.|_|__|-{1,3}|\/)[a-z0-9]{1,60}){0,12}$/)
  .map((text) => parseRepository(text.slice(0, 255).replace(/[._/-]+$/, '')) ?? repositoryOf('team/app'));
const digests = fc
  .stringMatching(/^[0-9a-f]{64}$/)
  .map((digits) => parseDigest(`sha256:${digits}`) ?? expect.fail(`no digest: ${digits}`));
const names = fc.record({ registry: fc.constant(registry), repository: repositories, digest: digests });
const times = fc.integer({ min: 0, max: 4_102_444_800_000 });

/** Understanding the Table service data model: what a key may not hold, and that it has at most 1 KiB of UTF-16. */
function isLegal(key: string): boolean {
  return key.length <= 512 && !/[/\\#?\p{Cc}]/u.test(key);
}

test('an image comes back out of its row key', () => {
  fc.assert(
    fc.property(names, (name) => {
      expect(isLegal(imageRow(name).rowKey)).toBe(true);
      expect(parseImageRow(imageRow(name))).toEqual(name);
    }),
  );
});

test('an image and its time come back out of every list, newest first', () => {
  fc.assert(
    fc.property(names, times, times, (name, one, two) => {
      for (const list of [...everyList, repositoryList(name.repository)]) {
        const [first, second] = [listRow(list, name, one), listRow(list, name, two)];
        expect(isLegal(first.rowKey)).toBe(true);
        expect(parseListRow(first)).toEqual({ name, firstSeenAt: one });
        expect(Math.sign(second.rowKey.localeCompare(first.rowKey))).toBe(Math.sign(one - two));
        const { after, before } = listRange(registry, list);
        expect(first.rowKey > after && first.rowKey < before).toBe(true);
      }
    }),
  );
});

test('the longest names there are fit', () => {
  const repository = repositoryOf('l'.repeat(255));
  const name = { registry, repository, digest: parseDigest(`sha256:${'f'.repeat(64)}`) ?? expect.fail() };
  const tag = parseTag('t'.repeat(128)) ?? expect.fail();
  const rows = [
    imageRow(name),
    tagRow({ registry, repository, tag }),
    ...[...everyList, repositoryList(repository)].map((list) => listRow(list, name, 0)),
  ];
  expect(rows.filter(({ rowKey }) => !isLegal(rowKey))).toEqual([]);
});
