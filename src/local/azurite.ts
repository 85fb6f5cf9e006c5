/**
 * Tables and queues of a storage account on this machine: Azurite in a process of its own, so that it neither shares
 * the app's event loop nor dies with it before it has saved. Tests that need a fresh store in milliseconds open it in
 * their own process instead.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AzuriteReport } from './azurite-process.ts';
import { openAzuriteServers } from './azurite-servers.ts';

export interface Azurite {
  /** With the actual ports: `UseDevelopmentStorage=true` would mean the fixed ones. */
  readonly connectionString: string;
  /** Saves and stops. Further calls do nothing. */
  stop(): Promise<void>;
}

export interface AzuriteProcess extends Azurite {
  readonly pid: number;
  /** The folder in use; numbered where another instance uses the requested one. */
  readonly location: string | undefined;
}

export interface AzuriteOptions {
  /** The folder of the data; without it, all data is lost at the end. */
  location?: string;
}

const START_TIMEOUT_MS = 60_000;
/** Long enough to save a large store; after it the process is killed. */
const STOP_TIMEOUT_MS = 30_000;

export async function startAzurite({ location }: AzuriteOptions = {}): Promise<AzuriteProcess> {
  const child = fork(
    fileURLToPath(new URL('azurite-process.ts', import.meta.url)),
    location === undefined ? [] : [location],
    {
      // Azurite uses a deprecated built-in module and would print a warning at every start.
      execArgv: ['--no-deprecation'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  const exited = once(child, 'exit');
  const answer = await Promise.race([
    once(child, 'message', { signal: AbortSignal.timeout(START_TIMEOUT_MS) }).then(
      ([message]) => message as AzuriteReport,
    ),
    exited.then(([code]): AzuriteReport => ({ failure: `the process ended with exit code ${String(code)}` })),
  ]).catch(
    (failure: unknown): AzuriteReport => ({ failure: failure instanceof Error ? failure.message : String(failure) }),
  );

  if ('failure' in answer || child.pid === undefined) {
    child.kill('SIGKILL');
    const reason = 'failure' in answer ? answer.failure : 'the process did not start';
    throw new Error(
      `Azurite: could not start (${reason}). Set AzureWebJobsStorage to a connection string to do without it.`,
    );
  }

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    child.send('stop', () => undefined);
    await exited;
    clearTimeout(timer);
  }

  return { ...answer, pid: child.pid, stop };
}

/** A fresh store in memory, in this process: the first takes a quarter of a second, others milliseconds. */
export async function startAzuriteInProcess(): Promise<Azurite> {
  const { connectionString, close } = await openAzuriteServers();
  let closing: Promise<void> | undefined;
  return {
    connectionString,
    stop() {
      closing ??= close();
      return closing;
    },
  };
}
