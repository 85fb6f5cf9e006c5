/**
 * Log entries of the host and the app, as values. The caller decides what to show: the terminal of `npm start` shows
 * little, a test may want all.
 */
import type { RpcLogCategory, RpcLogLevel } from './core-types.ts';

export interface LogEntry {
  readonly level: RpcLogLevel;
  /** `user`: the app's messages; `system`: the host's. */
  readonly category: RpcLogCategory;
  readonly message: string;
  readonly functionName?: string;
  readonly invocationId?: string;
}

export type OnLog = (entry: LogEntry) => void;

/** With the stack if there is one: a function's error is useless without its place. */
export function describeError(failure: unknown): string {
  if (failure instanceof Error) return failure.stack ?? `${failure.name}: ${failure.message}`;
  return String(failure);
}

export function logSystem(onLog: OnLog, level: RpcLogLevel, message: string, functionName?: string): void {
  onLog({ level, category: 'system', message, ...(functionName === undefined ? {} : { functionName }) });
}
