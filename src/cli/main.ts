/** `acr-replication`: the only file of the command that accesses the process. */
import { runCommand } from './command.ts';
import { runProcess } from './run-process.ts';

/** Inserted by the build. */
declare const VERSION: string | undefined;
const version = typeof VERSION === 'string' ? VERSION : 'not built';

await runProcess(process, process.env, (cliContext) => runCommand(process.argv.slice(2), version, cliContext));
