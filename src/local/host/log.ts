/**
 * What the host and the app have to say, as values. Where it goes is the caller's business: the terminal of `npm start`
 * shows little, a test may want to see all of it.
 */
import type { RpcLogCategory, RpcLogLevel } from './core-types.ts';

export interface LogEntry {
  readonly level: RpcLogLevel;
  /** `user`: the app's own words; `system`: the host's. */
  readonly category: RpcLogCategory;
  readonly message: string;
  readonly functionName?: string;
  readonly invocationId?: string;
}

export type OnLog = (entry: LogEntry) => void;

/** The stack where there is one: a function's error is worth nothing without the place. */
export function describeError(failure: unknown): string {
  if (failure instanceof Error) return failure.stack ?? `${failure.name}: ${failure.message}`;
  return String(failure);
}

export function logSystem(onLog: OnLog, level: RpcLogLevel, message: string, functionName?: string): void {
  onLog({ level, category: 'system', message, ...(functionName === undefined ? {} : { functionName }) });
}
