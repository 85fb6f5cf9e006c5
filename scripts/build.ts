/** Builds `dist/`, the folder that is deployed, and `bin/`: the command, and what runs the app locally. */
import { readFile } from 'node:fs/promises';
import { buildApp } from './build-app.ts';
import { buildCommand } from './build-command.ts';
import { buildLocal } from './build-local.ts';
import { replaceFolder } from './replace-folder.ts';

const root = new URL('..', import.meta.url);

await replaceFolder(new URL('dist/', root), (folder) => buildApp(root, folder));
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
await buildCommand(root, version);
await replaceFolder(new URL('bin/local/', root), (folder) => buildLocal(root, folder));
