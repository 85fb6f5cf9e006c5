/**
 * `npm start`: the whole app on this machine, with nothing to install and no account. Standard output shows where it
 * listens and what it tracks, then one line per published event; everything else goes to standard error.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { LogEntry } from './host/log.ts';
import type { Local } from './start.ts';

// Before any large module is loaded: V8's compiled code is cached for the next start.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url)));
const [{ readSettings }, { startLocal }] = await Promise.all([import('./settings.ts'), import('./start.ts')]);

const USAGE = `Usage: npm start -- [--enable-auth] [--data DIR] [--app DIR] [--verbose]

  --enable-auth  ask for function keys as on Azure; they are in DIR/keys.json
  --data DIR     where storage and keys are kept (default: .local)
  --app DIR      the built app (default: dist)
  --verbose      log every invocation
`;

function readFlags() {
  const { values } = parseArgs({
    options: {
      'enable-auth': { type: 'boolean', default: false },
      data: { type: 'string', default: '.local' },
      app: { type: 'string', default: 'dist' },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

function createLogger(isVerbose: boolean): (entry: LogEntry) => void {
  const quiet = isVerbose ? ['none'] : ['none', 'trace', 'debug'];
  const write = writeTogether(process.stderr);
  return ({ level, message, functionName }) => {
    if (!quiet.includes(level)) write(`${level} ${functionName ?? 'host'}: ${message}\n`);
  };
}

/** Combines the output of one turn of the event loop into one write: writing to a pipe blocks the process. */
function writeTogether(to: NodeJS.WriteStream): (text: string) => void {
  let waiting = '';
  const flush = () => {
    to.write(waiting);
    waiting = '';
  };
  process.on('exit', flush);
  return (text) => {
    if (waiting === '') setImmediate(flush);
    waiting += text;
  };
}

async function start(): Promise<Local | undefined> {
  const flags = readFlags();
  if (flags.help) {
    process.stdout.write(USAGE);
    return undefined;
  }
  return startLocal({
    appDirectory: flags.app,
    dataDirectory: flags.data,
    enableAuth: flags['enable-auth'],
    settings: await readSettings(process.cwd(), process.env),
    applySettings: (settings) => void Object.assign(process.env, settings),
    print: (line) => void process.stdout.write(`${line}\n`),
    onLog: createLogger(flags.verbose),
  });
}

/** A fault in the settings explains itself; an error in the code needs its stack. */
function describeFailure(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  const isPlain = failure.name === 'Error' || /config|setting/i.test(failure.name) || 'code' in failure;
  return isPlain ? failure.message : (failure.stack ?? failure.message);
}

/** What a first-time user needs. The secret's setting is named, its value never shown. Empty for another app. */
async function describeTracker(url: string): Promise<string> {
  const { readConfig } = await import('../config.ts');
  let config: ReturnType<typeof readConfig>;
  try {
    config = readConfig();
  } catch {
    return '';
  }
  const registries = config.registries.map(({ name, regions }) => (regions ? `${name} (${regions.join(', ')})` : name));
  return `  page        ${url}/ui
  registries  ${registries.join(', ')}
  webhooks    POST ${url}/api/webhooks/{registry}/{region}, with the secret in WEBHOOK_SECRETS
`;
}

const stopRequest = Promise.withResolvers<void>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopRequest.resolve());
if (process.env.npm_lifecycle_event !== undefined) watchParent();

/**
 * npm starts a shell in between, and a signal sent to npm ends only that shell. Then the loss of the parent is the only
 * sign. Without npm, outliving the parent is what `nohup` and `&` are for.
 */
function watchParent(): void {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && stopRequest.resolve(), 200).unref();
}

try {
  const local = await start();
  if (local !== undefined) {
    process.stdout.write(`Listening on ${local.url}\n`);
    process.stdout.write(await describeTracker(local.url));
    await stopRequest.promise;
    await local.stop();
  }
  // Open handles of the app must not keep the process running.
  process.exit(0);
} catch (failure) {
  process.stderr.write(`${describeFailure(failure)}\n`);
  process.exit(1);
}
