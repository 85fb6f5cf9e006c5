/**
 * Starts, kills, ends, pauses and resumes the app processes, on the same port or another. It records when each process
 * could not answer, because the time limits do not apply then, and every line that each printed, so that the checker finds
 * crashes and errors.
 */
import { join } from 'node:path';
import type { App } from '../support/app.ts';
import { startInstance } from '../support/app.ts';
import type { LogLine } from './evidence.ts';

export interface FleetOptions {
  readonly processes: number;
  readonly storage: string;
  readonly topic: { readonly endpoint: string; readonly key: string };
  readonly settings: Record<string, string>;
  /** The processes write here what they do not write to the storage. */
  readonly folder: string;
}

export interface Member {
  readonly name: string;
  /** Its last address; a request there is refused while it is down. */
  readonly url: string;
  readonly state: 'running' | 'paused' | 'down';
}

export interface Fleet {
  readonly members: readonly Member[];
  readonly log: readonly LogLine[];
  readonly crashes: readonly LogLine[];
  startAll(): Promise<void>;
  /** Ends it as a crash would. @returns false if it was not running */
  kill(index: number): Promise<boolean>;
  /** Sends it SIGTERM, as a deployment would. @returns false if it was not running */
  end(index: number): Promise<boolean>;
  start(index: number, port: 'same' | 'fresh'): Promise<void>;
  pause(index: number): boolean;
  resume(index: number): void;
  /** Whether this process could not be expected to answer at some time between these two. */
  isDisturbed(name: string, from: number, until: number): boolean;
  stopAll(): Promise<void>;
}

interface Slot {
  readonly name: string;
  app: App | undefined;
  url: string;
  state: Member['state'];
  /** The test ended it, so its end is no crash. */
  isStoppedByTest: boolean;
  readonly disturbances: { readonly from: number; until: number }[];
}

/** After it was resumed or started it works through a backlog. Time limits apply only after that. */
const graceMs = 2_000;

export function createFleet(options: FleetOptions): Fleet {
  const log: LogLine[] = [];
  const crashes: LogLine[] = [];
  const slots = Array.from({ length: options.processes }, (_, i): Slot => {
    const disturbances = [{ from: 0, until: Number.POSITIVE_INFINITY }];
    return { name: `process ${i + 1}`, app: undefined, url: '', state: 'down', isStoppedByTest: true, disturbances };
  });
  const slotAt = (index: number): Slot => {
    const slot = slots[index % slots.length];
    if (slot === undefined) throw new RangeError(`no process ${index} in a fleet of ${slots.length}`);
    return slot;
  };

  function disturb(slot: Slot, state: Member['state']): void {
    slot.state = state;
    slot.disturbances.push({ from: Date.now(), until: Number.POSITIVE_INFINITY });
  }

  function undisturb(slot: Slot): void {
    slot.state = 'running';
    for (const each of slot.disturbances) each.until = Math.min(each.until, Date.now() + graceMs);
  }

  async function start(index: number, port: 'same' | 'fresh'): Promise<void> {
    const slot = slotAt(index);
    if (slot.state !== 'down') return;
    const app = await startInstance({
      storage: options.storage,
      topic: options.topic,
      data: join(options.folder, slot.name.replace(' ', '-')),
      settings: options.settings,
      onLine: (text) => void log.push({ process: slot.name, at: Date.now(), text }),
      ...(port === 'same' && slot.url !== '' ? { port: Number(new URL(slot.url).port) } : {}),
    });
    Object.assign(slot, { app, url: app.url, isStoppedByTest: false });
    undisturb(slot);
    void app.ended.then(() => {
      if (slot.app !== app || slot.isStoppedByTest) return;
      crashes.push({ process: slot.name, at: Date.now(), text: app.lastLines() });
      disturb(slot, 'down');
    });
  }

  async function stopProcess(slot: Slot, how: (app: App) => void): Promise<boolean> {
    const { app } = slot;
    if (app === undefined || slot.state !== 'running') return false;
    slot.isStoppedByTest = true;
    disturb(slot, 'down');
    how(app);
    await app.ended;
    await app.stop();
    return true;
  }

  return {
    members: slots,
    log,
    crashes,
    start,
    startAll: async () => void (await Promise.all(slots.map((_, index) => start(index, 'same')))),
    kill: (index) => stopProcess(slotAt(index), (app) => app.kill()),
    end: (index) => stopProcess(slotAt(index), (app) => void app.stop()),
    pause(index) {
      const slot = slotAt(index);
      if (slot.app === undefined || slot.state !== 'running') return false;
      disturb(slot, 'paused');
      process.kill(slot.app.pid, 'SIGSTOP');
      return true;
    },
    resume(index) {
      const slot = slotAt(index);
      if (slot.app === undefined || slot.state !== 'paused') return;
      process.kill(slot.app.pid, 'SIGCONT');
      undisturb(slot);
    },
    isDisturbed: (name, from, until) =>
      slots.some(
        (slot) => slot.name === name && slot.disturbances.some((each) => each.from <= until && from <= each.until),
      ),
    async stopAll() {
      await Promise.all(
        slots.map(async (slot) => {
          slot.isStoppedByTest = true;
          if (slot.state === 'paused' && slot.app !== undefined) process.kill(slot.app.pid, 'SIGCONT');
          slot.state = 'down';
          await slot.app?.stop();
        }),
      );
    },
  };
}
