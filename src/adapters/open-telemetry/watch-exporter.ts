/**
 * Logs failed exports of telemetry, at most once per `quietMs`, without the exporter's message: it holds addresses, and
 * sometimes the data itself.
 */
import type { Log } from '../../core/ports.ts';

interface Exporter<Items> {
  export(items: Items, done: (result: { code: number; error?: Error }) => void): void;
}

const quietMs = 600_000;
const succeeded = 0;

export function watchExporter<Items>(exporter: Exporter<Items>, what: 'metrics' | 'traces', log: Log): void {
  const send = exporter.export.bind(exporter);
  let loggedAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  exporter.export = (items, done) => {
    send(items, (result) => {
      if (result.code !== succeeded) logFailure(result.error);
      done(result);
    });
  };

  function logFailure(error: Error | undefined): void {
    failures++;
    if (performance.now() - loggedAt < quietMs) return;
    loggedAt = performance.now();
    const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
    const reason = [error?.name, code, statusCode].filter(
      (part) => typeof part === 'string' || typeof part === 'number',
    );
    log.warn(`${what} not exported`, { failures, reason: reason.join(' ') });
  }
}
