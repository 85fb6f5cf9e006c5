/**
 * The command line: arguments in, exit code out. Defines the commands and their help, and uses nothing of the process
 * but its arguments.
 */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { listOrders } from '../core/catalogue/ports.ts';
import { listableStates } from '../core/query/list-images.ts';
import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import type { CompletedOption, Shell } from './completion.ts';
import { completion, shells } from './completion.ts';
import type { EventsOptions } from './events.ts';
import { events, replay } from './events.ts';
import { exitCodes } from './exit-codes.ts';
import {
  completionHelp,
  eventsHelp,
  exitCodeHelp,
  fileHelp,
  imagesHelp,
  mainHelp,
  releasesHelp,
  replayHelp,
  replicasHelp,
  statusHelp,
  waitHelp,
  waitingHelp,
} from './help.ts';
import type { ImagesOptions } from './images.ts';
import { images } from './images.ts';
import { liveProgress } from './live-progress.ts';
import { CommandError, parsedOrFail, printCommandError } from './question.ts';
import type { ReleasesOptions } from './releases.ts';
import { releases } from './releases.ts';
import type { ReplicasOptions } from './replicas.ts';
import { replicas } from './replicas.ts';
import type { Named } from './select-images.ts';
import { liveSeveral } from './several-live.ts';
import type { StatusFlags } from './status.ts';
import { statusOfNamed } from './status.ts';
import { isLive } from './terminal.ts';
import { widthOf, wrapLine } from './text-table.ts';
import { parseConnection, trackerClient } from './tracker-client.ts';
import { waitForNamed } from './wait-named.ts';
import type { WaitTexts } from './wait-request.ts';
import { defaultTimeout } from './wait-request.ts';
import type { WaitingOptions } from './waiting.ts';
import { waiting } from './waiting.ts';

interface NamingFlags {
  readonly release?: string;
  readonly file?: readonly string[];
  readonly strict?: true;
  readonly output: 'text' | 'json';
}

/** @returns the exit code */
export async function runCommand(words: readonly string[], version: string, cliContext: CliContext): Promise<number> {
  let exitCode = exitCodes.answered;
  const program = createCommand(version, cliContext, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommandError) return printCommandError(error, cliContext);
    // The parser has printed the error; `--help` and `--version` are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.answered : exitCodes.badUsage;
    throw error;
  }
}

function createCommand(version: string, cliContext: CliContext, setExitCode: (code: number) => void): Command {
  const { stdout, stderr, environment } = cliContext;
  const program = new Command('acr-replication')
    .description('Is this image in every replica of its registry yet?')
    .version(version)
    .option(
      '--url <address>',
      'the tracker; several, separated by commas, are tried in turn (default: ACR_REPLICATION_URL)',
    )
    .option(
      '--key <key>',
      'function key of the tracker (default: ACR_REPLICATION_KEY, which no list of processes shows)',
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(wrapped(text, widthOf(stderr))),
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help says more)')
    .addHelpText('after', mainHelp);
  const connection = () => {
    const { url, key } = program.opts<{ url?: string; key?: string }>();
    return parsedOrFail(
      parseConnection(url ?? environment.ACR_REPLICATION_URL, key ?? environment.ACR_REPLICATION_KEY, environment),
    );
  };
  const client = () => trackerClient(connection(), cliContext);
  const command = (name: string, description: string, help: string) =>
    program.command(name).description(description).addHelpText('after', help);
  /** One value per option, repeated for several files, so that an image may follow it. */
  const naming = (name: string, description: string, help: string) =>
    command(name, description, help)
      .argument('[image...]', 'registry/repository:tag, …@digest, or both; several are asked for together')
      .addOption(
        new Option(
          '-f, --file <file>',
          'images of a list, of manifests, of a compose file or of a build; - is standard input',
        ).argParser((file: string, before: readonly string[] = []) => [...before, file]),
      )
      .option('--release <name>', 'the images of a release that the tracker knows by this name')
      .option('--strict', 'images in files whose registry is not tracked are an error');
  const named = (images: string[], { release, file = [], strict }: NamingFlags): Named => ({
    release,
    images,
    files: file,
    isStrict: strict === true,
  });
  const output = (json: string) =>
    new Option('-o, --output <format>', `text for people, or json: ${json}`).choices(['text', 'json']).default('text');
  const tableOutput = (json: string) =>
    new Option('-o, --output <format>', `text that fits the terminal, wide, or json: ${json}`)
      .choices(['text', 'wide', 'json'])
      .default('text');

  const artifacts = () =>
    new Option(
      '--artifacts <kinds>',
      'what must be attached to it and be there as well: signature, sbom, attestation or artifact types, separated by commas',
    );
  const platforms = () =>
    new Option(
      '--platforms <platforms>',
      'of an index, only these must be there: such as linux/amd64, separated by commas (default: all)',
    );

  naming('wait', 'wait until images are where they must be', waitHelp + fileHelp + exitCodeHelp)
    .option(
      '--regions <regions>',
      'which regions must have it, separated by commas or line breaks (default: every expected one)',
    )
    .option('--require <number>', 'how many of them: all, any or a number (default: all)')
    .addOption(artifacts())
    .addOption(platforms())
    .option('--timeout <duration>', 'how long to wait; 0 asks once', defaultTimeout)
    .addOption(output('the availability document on one line'))
    .action(async (images: string[], flags: NamingFlags & Omit<WaitTexts, 'image'>) => {
      const live = isLive(stderr, environment) ? { liveProgress, liveSeveral } : {};
      const options = { output: flags.output, ...live };
      setExitCode(await waitForNamed(named(images, flags), flags, connection, options, cliContext));
    });
  naming('status', 'say where images are now', statusHelp + fileHelp)
    .addOption(artifacts())
    .addOption(platforms())
    .addOption(output('the availability document on one line'))
    .action((images: string[], flags: NamingFlags & StatusFlags) =>
      statusOfNamed(named(images, flags), flags, client, cliContext),
    );
  command('images', 'list images, newest first', imagesHelp)
    .argument('[query]', 'part of a repository or tag, the beginning of a digest, or a reference')
    .option('--registry <registry>', 'name or login server (default: all)')
    .option('--repository <repository>', 'only of this repository')
    .addOption(new Option('--state <state>', 'only in this state').choices(listableStates))
    .option('--region <region>', 'only those that this region has')
    .option('--missing [region]', 'only those missing in this region, in --region, or in any expected region')
    .addOption(new Option('--sort <order>', 'newest first, slowest first, or by name').choices(listOrders))
    .option('--limit <number>', 'how many of each registry', readLimit, 50)
    .addOption(tableOutput('an availability document on each line'))
    .action((query: string | undefined, flags: ImagesOptions) => images(query, flags, client(), cliContext));
  command('releases', 'list releases, newest first, and what is missing of them', releasesHelp)
    .option('--limit <number>', 'how many', readLimit, 50)
    .addOption(tableOutput('a release on each line'))
    .action((flags: ReleasesOptions) => releases(flags, client(), cliContext));
  command('waiting', 'list what clients wait for, the longest first', waitingHelp)
    .option('--registry <registry>', 'name or login server (default: all)')
    .addOption(tableOutput('the answer about one registry on each line'))
    .action((flags: WaitingOptions) => waiting(flags, client(), cliContext));
  command('replicas', 'say how each region is doing, the worst first', replicasHelp)
    .option('--registry <registry>', 'name or login server (default: all)')
    .addOption(tableOutput('the report of one registry on each line'))
    .action((flags: ReplicasOptions) => replicas(flags, client(), cliContext));
  command('events', 'say what was published about an image, and whether the topic has it', eventsHelp)
    .argument('<image>', 'registry/repository:tag, …@digest, or both')
    .addOption(tableOutput('the answer on one line'))
    .action((image: string, flags: EventsOptions) => events(image, flags, client(), cliContext));
  command('replay', 'publish again what was published about an image', replayHelp)
    .argument('<image>', 'registry/repository:tag, …@digest, or both')
    .addOption(output('what was started, on one line'))
    .action((image: string, flags: { output: 'text' | 'json' }) => replay(image, flags, client(), cliContext));
  command('completion', 'print a script that completes commands and options', completionHelp)
    .addArgument(new Argument('<shell>', 'which shell it is for').choices(shells))
    .action((shell: Shell) => printLine(stdout, completion(shell, toCompleted(program))));
  return program;
}

function toCompleted(program: Command): Parameters<typeof completion>[1] {
  const optionsOf = ({ options }: Command): CompletedOption[] =>
    options.map(({ long, short, argChoices, required, optional }) => ({
      name: long ?? '',
      short,
      values: argChoices ?? [],
      hasValue: required || optional,
    }));
  const commands = program.commands.map((one) => ({
    name: one.name(),
    description: one.description(),
    options: optionsOf(one),
  }));
  const help = { name: '--help', short: '-h', values: [], hasValue: false };
  const { true: atFirst = [], false: everywhere = [] } = Object.groupBy(
    optionsOf(program),
    ({ name }) => `${name === '--version'}` as const,
  );
  return { commands, everywhere: [...everywhere, help], atFirst };
}

/** The help is wrapped already; the parser's errors are as long as a line may be. */
function wrapped(text: string, width: number | undefined): string {
  return text
    .split('\n')
    .map((line) => (line.startsWith('error:') ? wrapLine(line, width) : line))
    .join('\n');
}

function readLimit(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}
