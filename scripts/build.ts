/** Makes `dist/`, the folder that is deployed, and `bin/`: the command, and what runs the app on this machine. */
import { readFile } from 'node:fs/promises';
import { buildApp } from './build-app.ts';
import { buildCommand } from './build-command.ts';
import { buildLocal } from './build-local.ts';

const root = new URL('..', import.meta.url);

await buildApp(root, new URL('dist/', root));
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
await buildCommand(root, version);
await buildLocal(root, new URL('bin/local/', root));
