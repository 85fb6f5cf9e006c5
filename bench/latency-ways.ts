/**
 * The two ways to call the tracker whose latency is measured: in this process, and as an app process over HTTP. Both
 * use the same driver, so that it does not cause a difference between them.
 */
import { Agent, request } from 'node:http';
import type { ImageName } from '../src/core/image/record.ts';
import { defaultRequirement } from '../src/core/model/requirement.ts';
import type { Delivery } from '../src/core/ports.ts';
import type { Published } from './check-published.ts';
import type { HttpApp } from './http-app.ts';
import type { Subject } from './subject.ts';

export interface Way {
  readonly what: string;
  /** Part of the names of its images. */
  readonly label: string;
  deliver(delivery: Delivery): Promise<unknown>;
  onPublished(listener: (event: Published) => void): void;
  /** Resolves when the wait is satisfied; fails with any other outcome. */
  wait(name: ImageName): Promise<void>;
  /** Resolves when all work on the deliveries has finished. */
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
    onPublished: onPublished,
    async wait({ repository, digest }) {
      const [registry] = tracker.registries;
      if (registry === undefined) throw new Error('the tracker has no registry');
      const question = { registry, repository, digest, tag: undefined };
      const requirement = defaultRequirement(tracker.replicaSet(registry));
      const { outcome } = await tracker.wait(question, requirement, waitSeconds * 1_000);
      if (outcome !== 'satisfied') throw new Error(`a wait ended with ${outcome}`);
    },
    quiet: counter.quiet,
    close: () => undefined,
  };
}

/** Waits at the first process. */
export function httpWay({ apps, deliver, onPublished }: HttpApp): Way {
  const agent = new Agent({ keepAlive: true });
  return {
    what: 'app process, over HTTP',
    label: 'door',
    deliver,
    onPublished,
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

/** @returns the status, once the whole answer has arrived */
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
