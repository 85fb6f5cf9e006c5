/**
 * The command line of `npm run simulate`, checked before anything starts, since a run takes a minute. Everything that a
 * run depends on is an option, so that one line describes it completely.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { MODES, type Mode } from './stand-in-server.ts';

export interface SimulateArguments {
  url: string;
  registry: string;
  secret: string;
  key?: string;
  regions: string[];
  images: number;
  index: number;
  artifacts: number;
  signed: number;
  lag: number;
  late: Record<string, number>;
  speed: number;
  seed?: number;
  eventIds: 'shared' | 'per-region';
  timestamps: 'arrival' | 'origin';
  loss: number;
  lossUnlogged: number;
  repeat: number;
  reorder: number;
  deleted: number;
  memberDeleted: number;
  pushedAgain: number;
  raced: number;
  childrenLate: number;
  scatter: number;
  overtake: number;
  outage: Record<string, Span>;
  addReplica: Record<string, number>;
  removeReplica: Record<string, number>;
  serve?: number;
  endpoint: Record<string, EndpointFault>;
  armOutage?: Span;
  settle: number;
}

/** Seconds after the start. */
export interface Span {
  from: number;
  until: number;
}

export interface EndpointFault extends Span {
  mode: Mode;
}

/** Calls `run` with the checked arguments; throws a CommanderError for bad usage and for `--help`. */
export function createSimulateCommand(run: (options: SimulateArguments) => Promise<void>): Command {
  const share = readNumber(0, 1);
  const seconds = readNumber(0, 86_400);
  return new Command('npm run simulate --')
    .description(
      'Pushes images into a simulated geo-replicated registry that calls the tracker from every region, then compares ' +
        'what the tracker says with what is true.\nDefaults fit `npm start`. Probabilities are from 0 to 1, times in seconds.',
    )
    .exitOverride()
    .showHelpAfterError('(--help lists all options)')
    .optionsGroup('The tracker:')
    .option('--url <url>', 'where it listens', readUrl, 'http://127.0.0.1:7071')
    .option('--registry <name>', 'name of the registry, as in REGISTRIES', 'contoso')
    .option('--secret <secret>', 'webhook secret, as in WEBHOOK_SECRETS', 'local-development-secret')
    .option('--key <key>', 'function key, when it asks for one')
    .option('--regions <a,b>', 'regions, as in REGISTRIES', readList, [
      ...['eastus', 'westeurope', 'southeastasia', 'australiaeast'],
    ])
    .optionsGroup('The registry:')
    .option('--images <n>', 'how many are pushed', readNumber(1, 100_000), 20)
    .option('--index <p>', 'share of multi-platform images', share, 0.4)
    .option('--artifacts <p>', 'share of artifacts and Docker schema 1, alone or in an index', share, 0)
    .option('--signed <p>', 'share of images that are signed some seconds later', share, 0)
    .option('--lag <s>', 'median time from one region to another', seconds, 3)
    .option(
      '--late <region=factor>',
      'a region that takes so many times as long (repeatable)',
      readPair(readNumber(0, 1_000)),
      {},
    )
    .option('--speed <factor>', 'divides every duration', readNumber(0.001, 1_000_000), 1)
    .option('--seed <n>', 'replays the run that printed it', readNumber(0, 4_294_967_295))
    .addOption(
      new Option('--event-ids <kind>', 'one id for all regions, or one each')
        .choices(['shared', 'per-region'])
        .default('shared'),
    )
    .addOption(
      new Option('--timestamps <kind>', "each region's own time, or the first one's")
        .choices(['arrival', 'origin'])
        .default('arrival'),
    )
    .optionsGroup('What happens to webhook events:')
    .option('--loss <p>', 'never delivered', share, 0)
    .option('--loss-unlogged <p>', 'of these, unknown to listEvents too', share, 0)
    .option('--repeat <p>', 'delivered twice', share, 0.2)
    .option('--reorder <p>', 'held back until later ones have passed', share, 0.1)
    .optionsGroup('What happens to images:')
    .option('--deleted <p>', 'deleted again, often while they still replicate', share, 0)
    .option('--member-deleted <p>', 'of these, one manifest of an index alone', share, 0)
    .option('--pushed-again <p>', 'of these, pushed again at once', share, 0)
    .option('--raced <p>', 'tag pushed from two regions at the same moment', share, 0)
    .option('--children-late <p>', 'children of an index arrive after it', share, 0)
    .option('--scatter <p>', 'a manifest arrives before its config and layers', share, 0)
    .option('--overtake <p>', 'a delete may overtake its push', share, 0)
    .optionsGroup('What happens to replicas:')
    .option('--outage <region=from:until>', 'fails, and comes back (repeatable)', readPair(readSpan), {})
    .option('--add-replica <region=at>', 'is added, without a webhook, and filled (repeatable)', readPair(seconds), {})
    .option('--remove-replica <region=at>', 'goes away (repeatable)', readPair(seconds), {})
    .optionsGroup('Being asked:')
    .option(
      '--serve <port>',
      'serve the management API there, and /v2/ of each region on the ports after it; 0 picks free ones',
      readNumber(0, 65_000),
    )
    .option(
      '--endpoint <region=mode:from:until>',
      `its /v2/ answers so meanwhile: ${MODES.slice(1).join(', ')} (repeatable)`,
      readPair(readEndpointFault),
      {},
    )
    .option('--arm-outage <from:until>', 'the management API fails meanwhile', readSpan)
    .option(
      '--settle <s>',
      'how long the tracker may take to find by probing what no webhook event reported',
      seconds,
      0,
    )
    .addHelpText(
      'after',
      '\nExit code 0: all agrees, but for what was lost on the way and is not known yet. 1: the tracker is wrong. 64: bad usage.',
    )
    .action((options: SimulateArguments) => run(options));
}

function readNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= low && value <= high) return value;
    throw new InvalidArgumentError(`A number from ${low} to ${high} is needed.`);
  };
}

function readUrl(text: string): string {
  if (URL.canParse(text)) return text;
  throw new InvalidArgumentError('A URL like http://127.0.0.1:7071 is needed.');
}

function readList(text: string): string[] {
  const items = text.split(',').map((item) => item.trim().toLowerCase());
  if (items.every((item) => item !== '') && new Set(items).size === items.length) return items;
  throw new InvalidArgumentError('Different names with commas between them are needed.');
}

function readSpan(text: string): Span {
  const [from = Number.NaN, until = Number.NaN] = text.split(':').map(readNumber(0, 86_400));
  if (from < until) return { from, until };
  throw new InvalidArgumentError('Two times like 5:20 are needed, the earlier first.');
}

function readEndpointFault(text: string): EndpointFault {
  const [name, ...span] = text.split(':');
  const mode = MODES.find((one) => one === name);
  if (mode !== undefined) return { mode, ...readSpan(span.join(':')) };
  throw new InvalidArgumentError(`A kind of answer like misrouted:5:20 is needed, one of ${MODES.join(', ')}.`);
}

function readPair<Value>(
  readValue: (text: string) => Value,
): (text: string, known: Record<string, Value>) => Record<string, Value> {
  return (text, known) => {
    const [region = '', value = ''] = text.split('=');
    if (region === '' || value === '')
      throw new InvalidArgumentError('A region, an equals sign and a value are needed.');
    return { ...known, [region]: readValue(value) };
  };
}
