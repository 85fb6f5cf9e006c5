/**
 * Starts a Functions host with the built app in a process of its own: the local one, or the real one in the form in
 * which `scripts/functions-host.ts` found it. Everything else in this folder uses only its address, storage and keys.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** What to run. `{port}` in an argument becomes the port, `{app}` the folder of the built app. */
export interface HostCommand {
  readonly name: string;
  readonly kind: 'local' | 'real';
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface Keys {
  readonly master: string;
  readonly function: string;
  /** System keys, by the extension they open. */
  readonly eventgrid: string;
  readonly mcp: string;
}

export const keys: Keys = {
  master: 'master-key-of-the-tests-0000000000000000000000',
  function: 'function-key-of-the-tests-00000000000000000000',
  eventgrid: 'eventgrid-key-of-the-tests-0000000000000000000',
  mcp: 'mcp-key-of-the-tests-00000000000000000000000000',
};

const root = new URL('../../', import.meta.url);

const localHost: HostCommand = {
  name: 'local host',
  kind: 'local',
  command: process.execPath,
  arguments: [new URL('bin/local/main.mjs', root).pathname, ...['--app', '{app}', '--data', '{data}', '--enable-auth']],
  environment: {},
};

/** `TEST_HOST` holds a command of `scripts/functions-host.ts`; without it the local host is run. */
export function readHostCommand(): HostCommand {
  const given = process.env.TEST_HOST;
  return given === undefined || given === '' ? localHost : (JSON.parse(given) as HostCommand);
}

/** Reports to the process that started the tests, line by line: `host PID`, `first-webhook SECONDS`. */
export async function report(line: string): Promise<void> {
  const path = process.env.TEST_HOST_REPORT;
  if (path !== undefined) await appendFile(path, `${line}\n`);
}

export interface LaunchInput {
  readonly host: HostCommand;
  /** The built app. */
  readonly app: string;
  /** Its own, kept over restarts: keys, temporary files. */
  readonly data: string;
  readonly settings: Readonly<Record<string, string>>;
}

export interface Launched {
  readonly url: string;
  /** Resolves when the process has ended. */
  stop(): Promise<{ readonly code: number | null; readonly seconds: number }>;
  /** Ends it as in a crash, with all its child processes. */
  kill(): Promise<void>;
  lastLines(): string;
}

const startWithinMs = 120_000;
const stopWithinMs = 60_000;
const keepLines = 200;

/** @throws Error with its last output, when it ends or does not answer */
export async function launch({ host, app, data, settings }: LaunchInput): Promise<Launched> {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  await writeKeys(data);
  const places: Record<string, string> = { port: String(port), app, data };
  const child = spawn(
    host.command,
    host.arguments.map((argument) => argument.replace(/\{(\w+)\}/g, (_, name: string) => places[name] ?? '')),
    {
      // A folder with host.json is where `func` expects to be; the local host must not find a settings file.
      cwd: host.kind === 'real' ? app : data,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: process.env.HOME ?? data,
        // The real host keeps its keys below the folder for temporary files.
        TMPDIR: data,
        PORT: String(port),
        AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
        FUNCTIONS_WORKER_RUNTIME: 'node',
        WEBSITE_HOSTNAME: `127.0.0.1:${port}`,
        ...(host.kind === 'real' ? realHostSettings(app) : {}),
        ...host.environment,
        ...settings,
      },
      // The real host ends when its standard input does.
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    },
  );
  await report(`host ${child.pid}`);
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => {
      lines.push(text.toString('utf8'));
      if (lines.length > keepLines) lines.shift();
    });
  }
  const lastLines = () => lines.join('');
  const ended = once(child, 'close').catch(() => undefined);
  const killGroup = () => signalGroup(child, 'SIGKILL');
  process.once('exit', killGroup);
  const isOver = () => child.exitCode !== null || child.signalCode !== null;

  const deadline = Date.now() + startWithinMs;
  while (!(await isRunning(url))) {
    if (isOver() || Date.now() > deadline) {
      killGroup();
      throw new Error(`${host.name}: ${isOver() ? 'ended' : 'did not answer'} at its start:\n${lastLines()}`);
    }
    await pause(25);
  }
  return {
    url,
    lastLines,
    async stop() {
      const startedAt = performance.now();
      if (!isOver()) child.kill('SIGTERM');
      const timer = setTimeout(killGroup, stopWithinMs);
      await ended;
      clearTimeout(timer);
      process.off('exit', killGroup);
      return { code: child.exitCode, seconds: (performance.now() - startedAt) / 1000 };
    },
    async kill() {
      killGroup();
      await ended;
      process.off('exit', killGroup);
    },
  };
}

/** The local tools require function keys only with this setting; then the keys come from files that are written here. */
function realHostSettings(app: string): Record<string, string> {
  return {
    AzureWebJobsScriptRoot: app,
    AzureWebJobsSecretStorageType: 'files',
    AzureFunctionsWebHost__hostid: 'acrreplicationtest',
    FUNCTIONS_CORETOOLS_TELEMETRY_OPTOUT: '1',
    DOTNET_NOLOGO: '1',
  };
}

/** One set of keys, where each host reads its own: as the local host writes it, and as the real one reads it. */
async function writeKeys(data: string): Promise<void> {
  await writeFile(join(data, 'keys.json'), `${JSON.stringify(keys, undefined, 2)}\n`);
  const folder = join(data, 'secrets', 'functions', 'secrets');
  const path = join(folder, 'host.json');
  if ((await readFile(path, 'utf8').catch(() => '')).includes(keys.master)) return;
  const key = (name: string, value: string) => ({ name, value, encrypted: false });
  const content = {
    masterKey: key('master', keys.master),
    functionKeys: [key('default', keys.function)],
    systemKeys: [key('eventgrid_extension', keys.eventgrid), key('mcp_extension', keys.mcp)],
  };
  await mkdir(folder, { recursive: true });
  await writeFile(path, JSON.stringify(content, undefined, 2));
}

async function isRunning(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/admin/host/status`, {
      headers: { 'x-functions-key': keys.master },
      signal: AbortSignal.timeout(5_000),
    });
    const { state } = (await response.json()) as { readonly state?: string };
    return state === 'Running';
  } catch {
    return false;
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It has ended by itself meanwhile.
  }
}
