/**
 * Prepares all timers and queues. All are checked before any is started, so that an app that is refused for its last
 * function has not already processed messages with its first.
 */

import type { RegisteredFunction } from './core-types.ts';
import { findTrigger, readConnection, readText } from './functions.ts';
import type { QueueSettings } from './host-json.ts';
import type { Invoker } from './invocation.ts';
import type { Listener } from './listener.ts';
import type { OnLog } from './log.ts';
import { startQueueListener } from './queue.ts';
import { readSchedule, startTimerListener } from './timer.ts';

export interface ListenerDeps {
  readonly functions: readonly RegisteredFunction[];
  readonly settings: Readonly<Record<string, string | undefined>>;
  readonly queues: QueueSettings;
  readonly invoker: Invoker;
  readonly onLog: OnLog;
}

/** @throws Error for a schedule, queue or connection that cannot be served */
export function prepareListeners(parts: ListenerDeps): (() => Listener)[] {
  return parts.functions.flatMap((target) => prepareListener(target, parts) ?? []);
}

function prepareListener(
  target: RegisteredFunction,
  { settings, queues, invoker, onLog }: ListenerDeps,
): (() => Listener) | undefined {
  const { binding, type } = findTrigger(target.metadata);
  if (type === 'timertrigger') {
    const schedule = readSchedule(target, readText(target.metadata, binding, 'schedule', settings));
    return () => startTimerListener({ target, schedule, invoker });
  }
  if (type === 'queuetrigger') {
    const queueName = readText(target.metadata, binding, 'queueName', settings);
    const connectionString = readConnection(target, binding.connection, settings);
    return () => startQueueListener({ target, connectionString, queueName, settings: queues, invoker, onLog });
  }
  return undefined;
}
