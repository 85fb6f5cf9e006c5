/**
 * The licences of the packages whose code a bundle contains: each must be distributed with it. Read from the packages
 * themselves, so that the notices are always complete.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @param inputs paths of all bundled files, relative to `root`, from esbuild's metafile
 * @throws Error for a package that names no licence
 */
export async function thirdPartyNotices(root: URL, inputs: readonly string[]): Promise<string> {
  const folder = fileURLToPath(root);
  const packages = [...new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []))];
  const copies = inputs.filter((path) => path.includes('/third-party/'));
  const notices = [
    ...(await Promise.all(packages.map((path) => noticeOf(resolve(folder, path))))),
    ...(await Promise.all(copies.map((path) => noticeInside(resolve(folder, path))))),
  ].sort();
  const text = ['This program contains code of others, under these licences.', ...new Set(notices)].join('\n\n---\n\n');
  if (text.includes('*/')) throw new Error('a licence would end the comment that it is put into');
  return `${text}\n`;
}

async function noticeOf(folder: string): Promise<string> {
  const { name, version, license, author } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const file = (await readdir(folder)).find((one) => /^licen[cs]e(\.|$)/i.test(one));
  if (file !== undefined) return `${name} ${version}\n\n${(await readFile(join(folder, file), 'utf8')).trim()}`;
  if (typeof license !== 'string') throw new Error(`${name} names no licence`);
  const by = [author?.name ?? author].filter((one) => typeof one === 'string').map((one) => `, by ${one}`);
  return `${name} ${version}${by}\n\n${license}. The package contains no text of the licence.`;
}

/** The licence of a file in the repository, which it begins with; see `third-party.ts`. */
async function noticeInside(file: string): Promise<string> {
  const [, notice] = /^\/\*!\n([\s\S]*?)\n\*\//.exec(await readFile(file, 'utf8')) ?? [];
  if (notice === undefined) throw new Error(`${file} does not begin with its licence`);
  return notice;
}
