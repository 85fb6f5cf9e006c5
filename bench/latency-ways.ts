/**
 * The two ways into the tracker whose latency is measured: called in this process, and as an app process over HTTP.
 * Both are driven alike, or the difference between their rows would be one of the drivers and not of the door.
 */
import { Agent, request } from 'node:http';
import type { ImageName } from '../src/core/image/record.ts';
import { defaultRequirement } from '../src/core/model/requirement.ts';
import type { Delivery } from '../src/core/ports.ts';
import type { Told } from './check-told.ts';
import type { Door } from './door.ts';
import type { Subject } from './subject.ts';

export interface Way {
  readonly what: string;
  /** For the names of its images. */
  readonly label: string;
  deliver(delivery: Delivery): Promise<unknown>;
  onTold(listener: (event: Told) => void): void;
  /** Resolves when the waiter is told that the image is everywhere, and fails when it is told anything else. */
  wait(name: ImageName): Promise<void>;
  /** Nothing of what was delivered is still being worked on. */
  quiet(): Promise<void>;
  close(): void;
}

const waitSeconds = 60;
const breathMs = 25;

export function breathe(milliseconds = breathMs): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export function aloneWay({ tracker, counter, onPublished }: Subject): Way {
  return {
    what: 'tracker alone',
    label: 'alone',
    deliver: tracker.receive,
    onTold: onPublished,
    async wait({ repository, digest }) {
      const [registry] = tracker.registries;
      if (registry === undefined) throw new Error('the tracker has no registry');
      const question = { registry, repository, digest, tag: undefined };
      const requirement = defaultRequirement(tracker.replicaSet(registry));
      const { outcome } = await tracker.wait(question, requirement, waitSeconds * 1_000);
      if (outcome !== 'satisfied') throw new Error(`a waiter was told ${outcome}`);
    },
    quiet: counter.quiet,
    close: () => undefined,
  };
}

/** Waits at the first of the processes. */
export function doorWay({ apps, deliver, onTold }: Door): Way {
  const agent = new Agent({ keepAlive: true });
  return {
    what: 'app process, over HTTP',
    label: 'door',
    deliver,
    onTold,
    async wait({ registry, repository, digest }) {
      const url = new URL('/api/wait', apps[0]?.url);
      url.searchParams.set('image', `${registry}.azurecr.io/${repository}@${digest}`);
      url.searchParams.set('timeout', String(waitSeconds));
      const status = await get(agent, url);
      if (status !== 200) throw new Error(`a waiter was answered ${status}`);
    },
    quiet: breathe,
    close: () => agent.destroy(),
  };
}

/** @returns the status, once the whole answer is here */
function get(agent: Agent, url: URL): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, timeout: (waitSeconds + 10) * 1_000 }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    sent.once('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.once('error', reject);
    sent.end();
  });
}
