/**
 * Three app processes on one Azurite, each behind proxies of its own, with a topic, Azure Resource Manager and regional
 * endpoints that belong to the stories.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAzurite } from '../../src/local/azurite.ts';
import type { App } from '../support/app.ts';
import { secret, startInstance } from '../support/app.ts';
import type { StoryArm } from './arm.ts';
import { resourceIdOf, startStoryArm } from './arm.ts';
import type { Cut, CutProxy } from './cut-proxy.ts';
import { startCutProxy } from './cut-proxy.ts';
import type { Endpoint } from './endpoints.ts';
import { startEndpoint } from './endpoints.ts';
import type { Fault } from './history.ts';
import { startLoginServer } from './login-server.ts';
import type { StoryTopic } from './topic.ts';
import { startStoryTopic } from './topic.ts';

export const processes = 3;
export const regions = ['eastus', 'southeastasia', 'westeurope'];
export const home = 'eastus';
export const delayedAfterSeconds = 20;
/** How many registries of each kind there are. A story has one for itself, since it changes ARM's answers about it. */
export const armRegistries = 4;

export interface World {
  readonly topic: StoryTopic;
  readonly arm: StoryArm;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  /** Manifest by digest, of all stories. */
  readonly manifests: Map<string, string>;
  readonly faults: readonly Fault[];
  /** @param registry its name */
  loginServerOf(registry: string): string;
  /** `undefined` while it is down. */
  url(process: number): string | undefined;
  kill(process: number): void;
  restart(process: number): Promise<void>;
  cut(process: number, how: Cut): void;
  mend(process: number): void;
  topicOutage(how: StoryTopic['outage']): void;
  /** Everything works again. */
  setRight(): Promise<void>;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const stops: (() => Promise<unknown>)[] = [];
  const azurite = await startAzurite();
  stops.push(() => azurite.stop());
  const topic = await startStoryTopic();
  stops.push(() => topic.stop());
  const arm = await startStoryArm();
  stops.push(() => arm.stop());
  const manifests = new Map<string, string>();
  const endpoints = new Map<string, Endpoint>();
  for (const region of regions) endpoints.set(region, await startEndpoint(region, manifests));
  for (const endpoint of endpoints.values()) stops.push(() => endpoint.stop());

  const loginServer = await startLoginServer([...endpoints.values()]);
  stops.push(() => loginServer.stop());
  const origins = Object.fromEntries([...endpoints].map(([region, { origin }]) => [region, origin]));
  const registries: object[] = [
    { name: 'fixed', regions },
    { name: 'probed', regions, regionalEndpoints: origins },
    // Of its own, since one index that cannot be read is no reason to wait for the next.
    { name: 'families', loginServer: loginServer.host, regions, regionalEndpoints: origins },
  ];
  for (let i = 0; i < armRegistries; i++) {
    for (const [kind, replications] of [
      ['armed', regions],
      ['single', []],
    ] as const) {
      arm.registries.set(`${kind}${i}`, { home, replications: [...replications], fault: undefined });
      registries.push({ name: `${kind}${i}`, resourceId: resourceIdOf(`${kind}${i}`) });
    }
  }

  const cuts: CutProxy[][] = [];
  const folders: string[] = [];
  const apps: (App | undefined)[] = [];
  const ports: number[] = [];
  const faults: { kind: string; process: number | null; from: number; until: number }[] = [];
  const begin = (kind: string, process: number | null) =>
    faults.push({ kind, process, from: Date.now(), until: Number.POSITIVE_INFINITY });
  /** @param graceMs how long it takes until the requests that were under way are over as well */
  const end = (kind: string, process: number | null, graceMs: number) => {
    for (const fault of faults) {
      if (fault.kind === kind && fault.process === process && fault.until > Date.now()) {
        fault.until = Math.min(fault.until, Date.now() + graceMs);
      }
    }
  };

  async function start(process: number): Promise<void> {
    const [queues, tables] = cuts[process] ?? [];
    const storage = azurite.connectionString
      .replace(/(QueueEndpoint=http:\/\/[^:]+:)\d+/, `$1${queues?.port}`)
      .replace(/(TableEndpoint=http:\/\/[^:]+:)\d+/, `$1${tables?.port}`);
    const app = await startInstance({
      storage,
      topic,
      data: folders[process] as string,
      port: ports[process] ?? 0,
      settings: {
        REGISTRIES: JSON.stringify(registries),
        ARM_ENDPOINT: arm.origin,
        IDENTITY_ENDPOINT: `${arm.origin}/identity`,
        IDENTITY_HEADER: 'the-header-of-the-stories',
        WEBHOOK_MANAGEMENT: 'off',
        DELAYED_AFTER_SECONDS: String(delayedAfterSeconds),
        PROBE_AFTER_SECONDS: '3',
      },
    });
    apps[process] = app;
    ports[process] = Number(new URL(app.url).port);
  }

  function noteSlow(from: number, until: number): void {
    const last = faults.findLast(({ kind }) => kind === 'slow');
    if (last !== undefined && last.until >= from) last.until = until;
    else faults.push({ kind: 'slow', process: null, from, until });
  }

  /** On a machine that is busy with other work answers are late: that is no fault of the tracker. */
  function watchSpeed(): () => void {
    let isWatching = true;
    const watch = async () => {
      while (isWatching) {
        const at = Date.now();
        await fetch(`http://127.0.0.1:${portOf('Table')}/`, { signal: AbortSignal.timeout(10_000) })
          .then((response) => response.arrayBuffer())
          .catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 200));
        const lateMs = Date.now() - at - 200;
        // Requests that were under way before, and those that had queued up, are late as well.
        if (lateMs > 250) noteSlow(at - 2_000, Date.now() + 3_000);
      }
    };
    void watch();
    return () => {
      isWatching = false;
    };
  }

  const portOf = (kind: string) => {
    const [, port] = new RegExp(`${kind}Endpoint=http://[^:]+:(\\d+)`).exec(azurite.connectionString) ?? [];
    return Number(port);
  };
  for (let process = 0; process < processes; process++) {
    const proxies = [await startCutProxy(portOf('Queue')), await startCutProxy(portOf('Table'))];
    cuts.push(proxies);
    folders.push(await mkdtemp(join(tmpdir(), 'acr-stories-')));
  }
  stops.push(async () => {
    await Promise.all(apps.map((app) => app?.stop()));
    await Promise.all(cuts.flat().map((proxy) => proxy.stop()));
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  });

  const world: World = {
    topic,
    arm,
    endpoints,
    manifests,
    faults,
    loginServerOf: (registry) => (registry === 'families' ? loginServer.host : `${registry}.azurecr.io`),
    url: (process) => apps[process]?.url,
    kill(process) {
      begin('killed', process);
      apps[process]?.kill();
      apps[process] = undefined;
    },
    async restart(process) {
      if (apps[process] === undefined) await start(process);
      end('killed', process, 2_000);
    },
    cut(process, how) {
      begin(`cut ${how}`, process);
      for (const proxy of cuts[process] ?? []) proxy.cut(how);
    },
    mend(process) {
      for (const proxy of cuts[process] ?? []) proxy.mend();
      end('cut refused', process, 5_000);
      end('cut hanging', process, 5_000);
    },
    topicOutage(how) {
      for (const kind of ['unavailable', 'hanging', 'unconfirmed']) end(`topic ${kind}`, null, 0);
      if (how !== undefined) begin(`topic ${how}`, null);
      topic.outage = how;
    },
    async setRight() {
      world.topicOutage(undefined);
      for (const registry of arm.registries.values()) registry.fault = undefined;
      for (const endpoint of endpoints.values()) endpoint.faults.clear();
      for (let process = 0; process < processes; process++) world.mend(process);
      for (let process = 0; process < processes; process++) await world.restart(process);
    },
    async stop() {
      for (const stop of stops.reverse()) await stop();
    },
  };
  try {
    for (let process = 0; process < processes; process++) await start(process);
    await Promise.all(Array.from({ length: processes }, (_, process) => waitForReplicas(world, process)));
    const endWatch = watchSpeed();
    stops.push(async () => endWatch());
    return world;
  } catch (failure) {
    await world.stop();
    throw failure;
  }
}

/** Until a process has read from ARM which replicas there are, no answer about them can be judged. */
async function waitForReplicas(world: World, process: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (const [name, { home, replications }] of world.arm.registries) {
    const want = [...new Set([home, ...replications])].sort().join();
    for (;;) {
      const response = await fetch(`${world.url(process)}/api/replicas?registry=${name}`);
      const body = (await response.json()) as { regions?: { region: string; expected: boolean }[] };
      const have = (body.regions ?? []).filter(({ expected }) => expected).map(({ region }) => region);
      if (have.sort().join() === want) break;
      if (Date.now() > deadline) throw new Error(`process ${process} expects ${have} of ${name}, not ${want}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

export const webhookSecret = secret;
