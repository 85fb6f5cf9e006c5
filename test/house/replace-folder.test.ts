/** What is built replaces what is there once it is whole: somebody may have started the app from it. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { replaceFolder } from '../../scripts/replace-folder.ts';
import { makeFolder } from '../local/make-folder.ts';

const files = ['one', 'two', 'three'];

async function fill(folder: URL, text: string): Promise<void> {
  await mkdir(folder);
  for (const file of files) await writeFile(new URL(file, folder), text);
}

async function textsIn(folder: URL): Promise<string[]> {
  return Promise.all(files.map((file) => readFile(new URL(file, folder), 'utf8')));
}

test('a folder that is there is replaced, with all that was in it', async () => {
  const place = pathToFileURL(`${await makeFolder()}/`);
  const folder = new URL('made/', place);
  await replaceFolder(folder, (beside) => fill(beside, 'old'));
  await writeFile(new URL('left-over', folder), '');
  await replaceFolder(folder, async (beside) => {
    await fill(beside, 'new');
    expect(await textsIn(folder)).toEqual(['old', 'old', 'old']);
  });
  expect(await readdir(folder)).toEqual(files.toSorted());
  expect(await textsIn(folder)).toEqual(['new', 'new', 'new']);
  expect(await readdir(place)).toEqual(['made']);
});

test('what could not be made leaves the old one in its place', async () => {
  const place = pathToFileURL(`${await makeFolder()}/`);
  const folder = new URL('made/', place);
  await replaceFolder(folder, (beside) => fill(beside, 'old'));
  const failed = replaceFolder(folder, async (beside) => {
    await fill(beside, 'half');
    throw new Error('a fault in the sources');
  });
  await expect(failed).rejects.toThrow('a fault in the sources');
  expect(await textsIn(folder)).toEqual(['old', 'old', 'old']);
  expect(await readdir(place)).toEqual(['made']);
});
