/**
 * The storage process that `azurite.ts` starts. It outlives its parent until it has saved: Azurite keeps the newest
 * seconds of data in memory, and a storage process killed together with the app would lose them. It ends when the
 * channel to the parent closes, the one signal that always arrives.
 */
import { claimLocation } from './azurite-lock.ts';
import { openAzuriteServers } from './azurite-servers.ts';

/** The message to the parent: the connection string, or why the start failed. */
export type AzuriteReport =
  | { readonly connectionString: string; readonly location: string | undefined }
  | { readonly failure: string };

// Ctrl-C signals the whole process group, but the app still needs its storage to finish.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const wanted = process.argv[2];

try {
  const claim = wanted === undefined ? undefined : await claimLocation(wanted, endUnsaved);
  const servers = await openAzuriteServers(claim?.location);
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    try {
      await claim?.announceStop();
      await servers.close();
      await claim?.release();
      process.exit(0);
    } catch (failure) {
      process.stderr.write(
        `Azurite: could not save (${failure instanceof Error ? failure.message : String(failure)})\n`,
      );
      process.exit(1);
    }
  };
  process.on('disconnect', () => void stop());
  process.on('message', (message) => {
    if (message === 'stop') void stop();
  });
  if (process.connected) report({ connectionString: servers.connectionString, location: claim?.location });
  else await stop();
} catch (failure) {
  report({ failure: failure instanceof Error ? failure.message : String(failure) });
  process.exitCode = 1;
  if (process.connected) process.disconnect();
}

/** Ends without saving: another instance owns the files now. */
function endUnsaved(): void {
  process.stderr.write(
    `Azurite: another instance has taken ${wanted} while this process was stopped. Start it again.\n`,
  );
  process.exit(1);
}

function report(message: AzuriteReport): void {
  // The parent may be gone; then the disconnect event ends this process.
  process.send?.(message, undefined, undefined, () => undefined);
}
