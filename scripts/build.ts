/** Makes `dist/`, the folder that is deployed, and `bin/`, the command. */
import { readFile } from 'node:fs/promises';
import { buildApp } from './build-app.ts';
import { buildCommand } from './build-command.ts';

const root = new URL('..', import.meta.url);

await buildApp(root, new URL('dist/', root));
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
await buildCommand(root, version);
