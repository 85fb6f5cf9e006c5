/** `acr-replication`: the process around the command line, and the only place of it that knows it is one. */
import { runCommand } from './command.ts';
import { runProcess } from './run-process.ts';

/** Put in by the build. */
declare const VERSION: string | undefined;
const version = typeof VERSION === 'string' ? VERSION : 'not built';

await runProcess(process, process.env, (cliContext) => runCommand(process.argv.slice(2), version, cliContext));
