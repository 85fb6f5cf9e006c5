/**
 * What the Functions worker loads first: lets Node keep what it makes of the app's code, and loads the app. A worker that
 * starts again on the same instance is sooner at its first webhook event.
 */
import { enableCompileCache, flushCompileCache } from 'node:module';

/** Workers are ended without warning: by then the start is over, and what it needed is kept. */
const keepAfterMs = 10_000;

enableCompileCache();
setTimeout(flushCompileCache, keepAfterMs).unref();
try {
  // Not an import: those are loaded before anything is done here.
  require('./main.ts');
} catch (error) {
  // To a worker whose entry fails the host gives no function, and then nobody answers what is wrong.
  if (!(error instanceof Error && error.name === 'FaultsAnswered')) throw error;
}
