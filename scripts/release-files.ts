/**
 * Builds `release/`: the command for users without a clone, as an npm package and as one file, with checksums. The
 * package has a package.json of its own: with that of the repository, npm would install the app's libraries and run a
 * build. The same sources give the same bytes.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { bundleCommand } from './build-command.ts';

/** @param root of the sources; @param folder the target. Both end in a slash. */
export async function makeReleaseFiles(root: URL, folder: URL): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const manifest = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
  const command = fileURLToPath(new URL('acr-replication.mjs', folder));
  const notices = await bundleCommand(root, manifest.version, command);
  await pack(root, manifest, { command, notices }, fileURLToPath(folder));
  const files = (await readdir(folder)).sort();
  const sums = await Promise.all(
    files.map(async (file) => `${sha256(await readFile(new URL(file, folder)))}  ${file}\n`),
  );
  await writeFile(new URL('SHA256SUMS', folder), sums.join(''));
}

interface Manifest {
  readonly [field: string]: unknown;
}

interface Content {
  /** Path of its one file. */
  readonly command: string;
  readonly notices: string;
}

async function pack(root: URL, manifest: Manifest, { command, notices }: Content, destination: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-replication-pack-'));
  try {
    const { name, version, description, license, type, bin, engines } = manifest;
    const packed = { name, version, description, license, type, bin, engines };
    await writeFile(join(folder, 'package.json'), `${JSON.stringify(packed, null, 2)}\n`);
    for (const file of ['LICENSE', 'README.md']) await copyFile(new URL(file, root), join(folder, file));
    await writeFile(join(folder, 'THIRD-PARTY-NOTICES.txt'), notices);
    await mkdir(join(folder, 'bin'));
    await copyFile(command, join(folder, 'bin/acr-replication.mjs'));
    const args = ['pack', folder, '--pack-destination', destination, '--silent', '--offline'];
    // On Windows, npm is a script that only a shell finds.
    await promisify(execFile)('npm', args, { cwd: folder, shell: process.platform === 'win32' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = new URL('..', import.meta.url);
  await makeReleaseFiles(root, new URL('release/', root));
  console.log(await readFile(new URL('release/SHA256SUMS', root), 'utf8'));
}
