/** Deployment checks, if they are configured. */

import { randomBytes } from 'node:crypto';
import { azurePipelinesSender } from '../adapters/callbacks/azure-pipelines.ts';
import { githubSender } from '../adapters/callbacks/github.ts';
import { consoleLog } from '../adapters/console-log.ts';
import { systemClock } from '../adapters/system-clock.ts';
import type { Config } from '../config.ts';
import type { Checks } from '../core/checks/checks.ts';
import { checks } from '../core/checks/checks.ts';
import type { CheckStore } from '../core/checks/ports.ts';
import { tokenCipher } from '../core/checks/token-encryption.ts';
import { dueCheckQueue } from '../core/due-work/due-queues.ts';
import type { Releases } from '../core/releases/releases.ts';
import type { Telemetry } from '../core/runtime/telemetry.ts';
import type { Tracker } from '../core/tracker.ts';
import type { Storage } from './storage.ts';

/** `undefined` where there is no key to encrypt the tokens of checks. */
export function deploymentChecks(
  { callbacks, github }: Config,
  storage: Storage,
  deps: {
    readonly store: CheckStore;
    readonly tracker: Tracker;
    readonly releases: Releases;
    readonly telemetry: Telemetry;
  },
): Checks | undefined {
  if (callbacks.key === undefined) return undefined;
  const calling = { fetch, clock: systemClock };
  return checks({
    ...deps,
    queue: dueCheckQueue(storage.dueWork),
    tokenCipher: tokenCipher(callbacks.key, randomBytes),
    senders: {
      azurePipelines: azurePipelinesSender(calling),
      ...(github === undefined ? {} : { github: githubSender({ ...calling, ...github }) }),
    },
    clock: systemClock,
    random: Math.random,
    log: consoleLog,
  });
}
