/**
 * The GitHub Action: the same wait, with inputs instead of arguments. The runner's Node runs this file as it is, from
 * a checkout where nothing was installed or built; so nothing that it imports may need a package.
 */
import { runAction } from './run-action.ts';
import { runProcess } from './run-process.ts';

await runProcess(process, process.env, runAction);
