/**
 * The app processes, and everything that is done to them: killed, told to end, stopped for a while, started again on the
 * same port or another. It remembers when each was in no state to answer, since nobody can hold a stopped process to its
 * time, and every line each printed, since a crash that nobody looks for is one that nobody finds.
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
  /** Keeps what the processes keep beside the storage. */
  readonly folder: string;
}

export interface Member {
  readonly name: string;
  /** Where it was last; a request there is refused while it is down. */
  readonly url: string;
  readonly state: 'running' | 'paused' | 'down';
}

export interface Fleet {
  readonly members: readonly Member[];
  readonly log: readonly LogLine[];
  readonly crashes: readonly LogLine[];
  startAll(): Promise<void>;
  /** Ends it as a crash would; nothing when it is not running. */
  kill(index: number): Promise<boolean>;
  /** Tells it to end, as a deployment would. */
  end(index: number): Promise<boolean>;
  start(index: number, port: 'same' | 'fresh'): Promise<void>;
  pause(index: number): boolean;
  resume(index: number): void;
  /** Whether this process could not be expected to answer at some time between these two. */
  isDisturbed(name: string, from: number, until: number): boolean;
  stopAll(): Promise<void>;
}

interface Seat {
  readonly name: string;
  app: App | undefined;
  url: string;
  state: Member['state'];
  /** Ended by us, so its end is no crash. */
  isWanted: boolean;
  readonly disturbances: { readonly from: number; until: number }[];
}

/** After it goes on, or has just started, it has a backlog to work off before anybody may look at the clock. */
const graceMs = 2_000;

export function createFleet(options: FleetOptions): Fleet {
  const log: LogLine[] = [];
  const crashes: LogLine[] = [];
  const seats = Array.from({ length: options.processes }, (_, i): Seat => {
    const disturbances = [{ from: 0, until: Number.POSITIVE_INFINITY }];
    return { name: `process ${i + 1}`, app: undefined, url: '', state: 'down', isWanted: true, disturbances };
  });
  const seatAt = (index: number): Seat => {
    const seat = seats[index % seats.length];
    if (seat === undefined) throw new RangeError(`no process ${index} in a fleet of ${seats.length}`);
    return seat;
  };

  function disturb(seat: Seat, state: Member['state']): void {
    seat.state = state;
    seat.disturbances.push({ from: Date.now(), until: Number.POSITIVE_INFINITY });
  }

  function undisturb(seat: Seat): void {
    seat.state = 'running';
    for (const each of seat.disturbances) each.until = Math.min(each.until, Date.now() + graceMs);
  }

  async function start(index: number, port: 'same' | 'fresh'): Promise<void> {
    const seat = seatAt(index);
    if (seat.state !== 'down') return;
    const app = await startInstance({
      storage: options.storage,
      topic: options.topic,
      data: join(options.folder, seat.name.replace(' ', '-')),
      settings: options.settings,
      onLine: (text) => void log.push({ process: seat.name, at: Date.now(), text }),
      ...(port === 'same' && seat.url !== '' ? { port: Number(new URL(seat.url).port) } : {}),
    });
    Object.assign(seat, { app, url: app.url, isWanted: false });
    undisturb(seat);
    void app.ended.then(() => {
      if (seat.app !== app || seat.isWanted) return;
      crashes.push({ process: seat.name, at: Date.now(), text: app.lastLines() });
      disturb(seat, 'down');
    });
  }

  async function finish(seat: Seat, how: (app: App) => void): Promise<boolean> {
    const { app } = seat;
    if (app === undefined || seat.state !== 'running') return false;
    seat.isWanted = true;
    disturb(seat, 'down');
    how(app);
    await app.ended;
    await app.stop();
    return true;
  }

  return {
    members: seats,
    log,
    crashes,
    start,
    startAll: async () => void (await Promise.all(seats.map((_, index) => start(index, 'same')))),
    kill: (index) => finish(seatAt(index), (app) => app.kill()),
    end: (index) => finish(seatAt(index), (app) => void app.stop()),
    pause(index) {
      const seat = seatAt(index);
      if (seat.app === undefined || seat.state !== 'running') return false;
      disturb(seat, 'paused');
      process.kill(seat.app.pid, 'SIGSTOP');
      return true;
    },
    resume(index) {
      const seat = seatAt(index);
      if (seat.app === undefined || seat.state !== 'paused') return;
      process.kill(seat.app.pid, 'SIGCONT');
      undisturb(seat);
    },
    isDisturbed: (name, from, until) =>
      seats.some(
        (seat) => seat.name === name && seat.disturbances.some((each) => each.from <= until && from <= each.until),
      ),
    async stopAll() {
      await Promise.all(
        seats.map(async (seat) => {
          seat.isWanted = true;
          if (seat.state === 'paused' && seat.app !== undefined) process.kill(seat.app.pid, 'SIGCONT');
          seat.state = 'down';
          await seat.app?.stop();
        }),
      );
    },
  };
}
