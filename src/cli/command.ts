/** The command line: arguments in, exit code out. Says what each command does, and reads nothing but what it is given. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { listableStates } from '../core/listing.ts';
import { exitCodes } from './exit-codes.ts';
import { exitCodeHelp, imagesHelp, mainHelp, replicasHelp, statusHelp, waitHelp } from './help.ts';
import type { ImagesOptions } from './images.ts';
import { images } from './images.ts';
import { liveProgress } from './live-progress.ts';
import { need, printStop, Stop } from './question.ts';
import type { ReplicasOptions } from './replicas.ts';
import { replicas } from './replicas.ts';
import { status } from './status.ts';
import type { Surroundings } from './surroundings.ts';
import { isLive } from './terminal.ts';
import { parseConnection, trackerClient } from './tracker-client.ts';
import { wait } from './wait.ts';
import type { WaitTexts } from './wait-request.ts';
import { defaultTimeout, parseImage, parseWaitRequest } from './wait-request.ts';

type WaitFlags = Omit<WaitTexts, 'image'> & { readonly output: 'text' | 'json' };

/** @returns the exit code */
export async function runCommand(
  words: readonly string[],
  version: string,
  surroundings: Surroundings,
): Promise<number> {
  let exitCode = exitCodes.answered;
  const program = createCommand(version, surroundings, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof Stop) return printStop(error, surroundings);
    // It has been told; help and version are what was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.answered : exitCodes.badUsage;
    throw error;
  }
}

function createCommand(version: string, surroundings: Surroundings, setExitCode: (code: number) => void): Command {
  const { stdout, stderr, environment } = surroundings;
  const program = new Command('acr-replication')
    .description('Is this image in every replica of its registry yet?')
    .version(version)
    .option('--url <address>', 'the tracker (default: ACR_REPLICATION_URL)')
    .option(
      '--key <key>',
      'function key of the tracker (default: ACR_REPLICATION_KEY, which no list of processes shows)',
    )
    .exitOverride()
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help says more)')
    .addHelpText('after', mainHelp);
  const connection = () => {
    const { url, key } = program.opts<{ url?: string; key?: string }>();
    return need(parseConnection(url ?? environment.ACR_REPLICATION_URL, key ?? environment.ACR_REPLICATION_KEY));
  };
  const client = () => trackerClient(connection(), surroundings);
  const command = (name: string, description: string, help: string) =>
    program.command(name).description(description).addHelpText('after', help);
  const output = (json: string) =>
    new Option('--output <format>', `text for people, or json: ${json}`).choices(['text', 'json']).default('text');

  command('wait', 'wait until an image is where it must be', waitHelp + exitCodeHelp)
    .argument('<image>', 'registry/repository:tag, …@digest, or both')
    .option('--regions <regions>', 'which regions must have it, comma-separated (default: every expected one)')
    .option('--require <number>', 'how many of them: all, any or a number (default: all)')
    .option('--timeout <duration>', 'how long to wait; 0 asks once', defaultTimeout)
    .addOption(output('the availability document on one line'))
    .action(async (image: string, flags: WaitFlags) => {
      const request = need(parseWaitRequest({ ...flags, image }));
      const live = isLive(stderr, environment) ? liveProgress : undefined;
      setExitCode(await wait(request, connection(), { output: flags.output, liveProgress: live }, surroundings));
    });
  command('status', 'say where an image is now', statusHelp)
    .argument('<image>', 'registry/repository:tag, …@digest, or both')
    .addOption(output('the availability document on one line'))
    .action((image: string, flags: { output: 'text' | 'json' }) =>
      status(need(parseImage(image)), flags.output, client(), surroundings),
    );
  command('images', 'list images, newest first', imagesHelp)
    .option('--registry <registry>', 'name or login server (default: all)')
    .option('--repository <repository>', 'only of this repository')
    .addOption(new Option('--state <state>', 'only in this state').choices(listableStates))
    .option('--region <region>', 'only those that this region has')
    .option('--missing', 'only those missing in --region, or in any expected region')
    .option('--limit <number>', 'how many of each registry', readLimit, 50)
    .addOption(output('an availability document on each line'))
    .action((flags: ImagesOptions) => images(flags, client(), surroundings));
  command('replicas', 'say how each region is doing', replicasHelp)
    .option('--registry <registry>', 'name or login server (default: all)')
    .addOption(output('the report of one registry on each line'))
    .action((flags: ReplicasOptions) => replicas(flags, client(), surroundings));
  return program;
}

function readLimit(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}
