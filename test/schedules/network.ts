/**
 * Between an instance and every port: what can happen to a call. It takes some time, fails before it takes effect,
 * hangs until the caller gives up, takes effect and loses its answer, takes effect after the caller got an error, or is
 * made twice by a client that lost the first answer. Ports are wrapped generically, so that all arguments and answers
 * pass through unchanged.
 */
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import type { ImageChange } from '../../src/core/ports.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import type { Case } from './case.ts';
import type { Choices, Random } from './choices.ts';
import { between, pick } from './choices.ts';
import type { OutagePart } from './plan.ts';
import { noteRefusal } from './topic.ts';

export const faults = ['fails', 'hangs', 'answer lost', 'effect late', 'made twice', 'slow'] as const;
export type Fault = (typeof faults)[number];

/** Every port, and the part of the world that it calls. */
export const portParts = {
  store: 'tables',
  lists: 'tables',
  tags: 'tables',
  webhooks: 'tables',
  sets: 'tables',
  reviews: 'tables',
  dueWork: 'tables',
  queue: 'queues',
  forwards: 'queues',
  publisher: 'topic',
  directory: 'arm',
  probe: 'replicas',
  manifests: 'replicas',
  releases: 'tables',
  catalogue: 'tables',
} as const satisfies Record<string, OutagePart>;
export type PortName = keyof typeof portParts;

export interface Caller {
  readonly label: string;
  readonly isKilled: boolean;
  /** Of the world's clock. */
  readonly clockAheadMs: number;
  /** Until when calls of this part failed or were slow, as far as known. */
  readonly faultUntil: Map<OutagePart, number>;
}

/** One call that has just taken effect. */
export interface Effect {
  readonly caller: Caller;
  readonly port: PortName;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly answer: unknown;
  /** When the caller made the call. */
  readonly calledAt: number;
}

export interface Network {
  wrap<P extends object>(caller: Caller, name: PortName, port: P): P;
  readonly out: Set<OutagePart>;
  /** Instances that cannot reach the tables, while others can. */
  readonly cut: Set<string>;
  /** Instances that cannot read manifests. */
  readonly cannotReadManifests: Set<string>;
  /** No more faults; calls under way continue. */
  calm(): void;
}

interface Fate {
  readonly fault: Fault | undefined;
  /** Until a caller gives up, or a late effect comes. */
  readonly laterMs: number;
  readonly code: 'unavailable' | 'throttled' | 'unauthorized' | 'invalid';
}

const fine: Fate = { fault: undefined, laterMs: 0, code: 'unavailable' };
/** By default a request takes this long, and so does its answer. */
const plainMs = 1;

export function network(on: Case, choices: Choices, onEffect: (effect: Effect) => void): Network {
  const { scheduler, counters, trace } = on;
  const { world } = on.plan;
  const ordinals = new Map<string, number>();
  const out = new Set<OutagePart>();
  const cut = new Set<string>();
  const cannotReadManifests = new Set<string>();
  let isCalm = false;

  function fateOf(name: string, port: PortName): Fate {
    if (isCalm || world.faultsPercent === 0) return fine;
    return choices.choose(`${name} fault`, fine, (random) => {
      if (random() * 100 >= world.faultsPercent) return fine;
      return { fault: pick(random, faults), laterMs: laterMs(random), code: codeOf(random, port) };
    });
  }

  async function make(caller: Caller, port: PortName, method: string, args: unknown[], run: () => Promise<unknown>) {
    const what = `${caller.label}.${port}.${method}`;
    const ordinal = (ordinals.get(what) ?? 0) + 1;
    ordinals.set(what, ordinal);
    const name = `${what}#${ordinal}`;
    const calledAt = scheduler.now();
    const thereMs = choices.choose(`${name} there`, plainMs, (random) => between(random, 0, world.paceMs));
    const backMs = choices.choose(`${name} back`, plainMs, (random) => between(random, 0, world.paceMs));
    const { fault, laterMs, code } = fateOf(name, port);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();

    const takeEffect = async () => {
      const answer = await run();
      counters.count('effects', port);
      trace(() => `${name} takes effect`);
      onEffect({ caller, port, method, args, answer, calledAt });
      return answer;
    };
    const answerAfter = (milliseconds: number, settle: () => void) => {
      scheduler.at(scheduler.now() + milliseconds, () => {
        if (!caller.isKilled) settle();
      });
    };
    const fail = (milliseconds: number, reason: string) => {
      answerAfter(milliseconds, () => {
        trace(() => `${name} gets an error: ${reason}`);
        if (port === 'store' && method === 'commit') on.readings.unwritten((args[0] as ImageChange).record.name.digest);
        if (port === 'publisher' && code === 'invalid') noteRefusal(on, args[0] as readonly CloudEvent[]);
        const unclear = { kind: 'unclear', reason, retryAfterMs: undefined };
        if (port === 'probe') resolve(unclear);
        else if (port === 'manifests') resolve(unread(on, method, unclear));
        else reject(new UpstreamError(code, `${name}: ${reason}`));
      });
    };
    const trouble = (kind: string, milliseconds: number) => {
      counters.count('faults', `${kind}, ${port}`);
      const part = portParts[port];
      const until = scheduler.now() + milliseconds + 1;
      caller.faultUntil.set(part, Math.max(until, caller.faultUntil.get(part) ?? 0));
    };
    const arrive = async () => {
      if (caller.isKilled) {
        const isDone = choices.choose(`${name} orphan`, false, (random) => random() < 0.5);
        counters.count('calls of killed instances', isDone ? 'took effect' : 'had no effect');
        if (isDone) await takeEffect();
        return;
      }
      const isCut = portParts[port] === 'tables' && cut.has(caller.label);
      if (out.has(portParts[port]) || isCut || (port === 'manifests' && cannotReadManifests.has(caller.label))) {
        const waitMs = choices.choose(`${name} outage`, backMs, laterMs_);
        trouble('outage', waitMs);
        return fail(waitMs, 'out');
      }
      if (fault === undefined) {
        const answer = await takeEffect();
        return answerAfter(backMs, () => resolve(answer));
      }
      trouble(fault, laterMs);
      // Until its first answer nothing is known about the registry.
      if (method === 'reaches') on.readings.failed(scheduler.now());
      trace(() => `${name}: ${fault}`);
      if (fault === 'fails') return fail(backMs, 'failed');
      if (fault === 'hangs') return fail(laterMs, 'timed out');
      if (fault === 'effect late') {
        scheduler.at(scheduler.now() + laterMs, () => void takeEffect().catch(() => undefined));
        return fail(backMs, 'timed out, and takes effect after that');
      }
      const answer = await takeEffect();
      if (fault === 'answer lost') return fail(laterMs, 'timed out, although it took effect');
      if (fault === 'slow') return answerAfter(laterMs, () => resolve(answer));
      const second = await takeEffect();
      return answerAfter(backMs, () => resolve(second));
    };
    // A port itself may fail as well.
    scheduler.at(calledAt + thereMs, () => void arrive().catch((error) => answerAfter(backMs, () => reject(error))));
    return promise;
  }

  return {
    out,
    cut,
    cannotReadManifests,
    calm() {
      isCalm = true;
      out.clear();
      cut.clear();
      cannotReadManifests.clear();
    },
    wrap(caller, name, port) {
      const wrapped = Object.entries(port).map(([method, value]: [string, unknown]) => {
        if (typeof value !== 'function') return [method, value];
        const call = (...args: unknown[]) =>
          make(caller, name, method, args, () => Promise.resolve(Reflect.apply(value, port, args)));
        return [method, call];
      });
      return Object.fromEntries(wrapped);
    },
  };
}

/** A reader of manifests never fails: it answers `unclear`. */
function unread(on: Case, method: string, unclear: object): unknown {
  if (method !== 'referrers') on.readings.failed(on.scheduler.now());
  on.counters.count('manifests', `${method}: unclear`);
  if (method === 'reaches') return false;
  return method === 'read' ? unclear : undefined;
}

/** Most callers give up after seconds; sometimes the answer is only a little late. */
function laterMs(random: Random): number {
  return random() < 0.5 ? between(random, 1, 60) : between(random, 100, 10_000);
}
const laterMs_ = (random: Random) => (random() < 0.5 ? 0 : laterMs(random));

function codeOf(random: Random, port: PortName): Fate['code'] {
  // A topic may refuse with a permanent error what it accepts a minute later: a wrong policy that was corrected.
  return pick(
    random,
    port === 'publisher'
      ? ['unavailable', 'throttled', 'unauthorized', 'invalid']
      : ['unavailable', 'unavailable', 'throttled', 'unauthorized'],
  );
}
