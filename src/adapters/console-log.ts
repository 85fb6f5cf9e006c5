/**
 * One line per decision: a sentence, then `key=value` pairs, written to the console, which the Functions host collects.
 */
import type { Log, LogFields } from '../core/ports.ts';

export const consoleLog: Log = {
  info: (message, fields) => console.info(toLine(message, fields)),
  warn: (message, fields) => console.warn(toLine(message, fields)),
};

function toLine(message: string, fields: LogFields = {}): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return [message, ...pairs].join(' ');
}
