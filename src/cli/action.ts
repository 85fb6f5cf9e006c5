/**
 * The GitHub Action: the same wait, with inputs instead of arguments. The runner's Node runs this file from a plain
 * checkout without installed packages or a build, so nothing that it imports may need a package.
 */
import { runAction } from './run-action.ts';
import { runProcess } from './run-process.ts';

await runProcess(process, process.env, runAction);
