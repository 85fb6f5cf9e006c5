/**
 * The first file that the Functions worker loads: enables Node's compile cache, then loads the app. A worker that
 * restarts on the same instance is sooner ready for its first webhook event.
 */
import { enableCompileCache, flushCompileCache } from 'node:module';

/** Workers are ended without warning. After this time the start is over, and its code is in the cache. */
const keepAfterMs = 10_000;

enableCompileCache();
setTimeout(flushCompileCache, keepAfterMs).unref();
try {
  // Not an import: imports are loaded before the cache is enabled.
  require('./main.ts');
} catch (error) {
  // The host gives a worker whose entry fails no function, and then nothing would report the faults.
  if (!(error instanceof Error && error.name === 'FaultsAnswered')) throw error;
}
