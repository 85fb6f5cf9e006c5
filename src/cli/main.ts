/** `acr-replication`: the only file of the command that accesses the process. */
import { runCommand } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { runProcess } from './run-process.ts';

/** Inserted by the build. */
declare const VERSION: string | undefined;
const version = typeof VERSION === 'string' ? VERSION : 'not built';

/** As `engines` in package.json says: older versions lack functions that the command calls. */
const minNode = 22;

if (Number.parseInt(process.versions.node, 10) < minNode) {
  process.stderr.write(`acr-replication needs Node ${minNode} or later; this is Node ${process.versions.node}.\n`);
  process.exit(exitCodes.badUsage);
}

await runProcess(process, process.env, (cliContext) => runCommand(process.argv.slice(2), version, cliContext));
