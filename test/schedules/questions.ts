/** What people ask while all this goes on, and whether they are answered truly and in time. */
import type { Question } from '../../src/core/availability.ts';
import type { Region } from '../../src/core/region.ts';
import { expectedRegions } from '../../src/core/replica-set.ts';
import type { Requirement } from '../../src/core/requirement.ts';
import type { Tracker, WaitResult } from '../../src/core/tracker.ts';
import { pollMs } from '../../src/core/tracker.ts';
import type { Case } from './case.ts';
import { clockText } from './case.ts';
import { seenBetween } from './history.ts';
import type { Instance } from './instance.ts';
import { judgeDocument } from './judge-answer.ts';
import type { Command, Subject } from './plan.ts';

export interface Questions {
  answer(instance: Instance, about: Subject): Promise<void>;
  wait(instance: Instance, command: Command & { kind: 'wait' }): Promise<void>;
  /** Nobody may wait in vain now. */
  judgeWaiting(): void;
}

interface Waiter {
  readonly instance: Instance;
  readonly about: Subject;
  readonly requirement: Requirement;
  readonly askedAt: number;
}

const truly = { said: 'an answer is true', kept: 'an acknowledged fact is kept' } as const;
const waitedTruly = { said: 'a waiter is answered truly', kept: 'a waiter is answered truly' } as const;
/** Nobody expects an answer faster than the calls that it takes. */
const graceMs = 500;

export function questions(on: Case): Questions {
  const waiters = new Set<Waiter>();

  function questionOf({ image, tag }: Subject): Question {
    const place = { registry: on.settings, repository: on.repository };
    return {
      ...place,
      digest: image === undefined ? undefined : on.nameOf(image).digest,
      tag: tag === undefined ? undefined : on.tagOf(tag),
    };
  }

  /**
   * Since when the requirement is met for certain: by what was acknowledged, and no deletion ever said can undo. Known only
   * for what depends on one image, and a set of regions that stays.
   */
  function metSince({ about, requirement }: Waiter): number | undefined {
    const { world } = on.plan;
    if (world.probing === 'confirm' || (requirement.isForEveryExpected === true && world.set === 'arm'))
      return undefined;
    // A region that lost its replica has lost what it said.
    if (world.set === 'arm' && on.registry.everySet.size > 1) return undefined;
    const tag = about.tag === undefined ? undefined : on.tagOf(about.tag);
    const tagged = tag === undefined ? [] : on.history.tagPushes(tag);
    const image = about.image ?? tagged[0]?.image;
    if (image === undefined || tagged.some((said) => said.image !== image)) return undefined;
    const since = (region: Region): number => {
      const there = on.history.said.filter((said) => said.image === image && said.fact.region === region);
      const deletedAt =
        there
          .flatMap(({ fact }) => (fact.kind === 'push' ? [] : [fact.eventTime]))
          .sort()
          .at(-1) ?? '';
      const times = there
        .filter(
          ({ fact }) => fact.kind === 'push' && fact.eventTime > deletedAt && (tag === undefined || fact.tag === tag),
        )
        .map(({ knownAt }) => knownAt ?? Number.POSITIVE_INFINITY);
      return Math.min(Number.POSITIVE_INFINITY, ...times);
    };
    const times = requirement.regions.map(since).sort((a, b) => a - b);
    const met = times[requirement.needed - 1];
    return met === undefined || !Number.isFinite(met) ? undefined : met;
  }

  function judgeTime(waiter: Waiter): void {
    if (waiter.instance.isDead) return;
    const met = metSince(waiter);
    if (met === undefined) return;
    const { troubledUntil } = waiter.instance;
    const from = Math.max(met, waiter.askedAt, troubledUntil.get('tables') ?? 0);
    const until = from + pollMs + graceMs + 8 * on.plan.world.paceMs;
    const now = on.scheduler.now();
    if (now <= until) return;
    const what = `${waiter.instance.label} asked at ${clockText(waiter.askedAt)} about ${JSON.stringify(waiter.about)}`;
    on.violate(
      'a waiter is answered in time',
      `${what}: met since ${clockText(met)}, still waiting at ${clockText(now)}`,
    );
  }

  function judgeResult(waiter: Waiter, { outcome, document }: WaitResult, tracker: Tracker): void {
    on.counters.count('waiters', outcome);
    if (outcome === 'waiting') {
      judgeTime(waiter);
      return;
    }
    // What its poller read last may have been read before it asked, and before the storage stopped answering.
    const readAt = Math.min(waiter.askedAt, on.scheduler.now()) - pollMs - graceMs;
    const trouble = waiter.instance.troubledUntil.get('tables') ?? 0;
    const isOld = trouble > readAt;
    if (!isOld)
      judgeDocument(
        on,
        document,
        tracker.replicaSet(on.settings),
        seenBetween(readAt, on.scheduler.now()),
        waitedTruly,
      );
    if ((outcome === 'satisfied') !== document.satisfied)
      on.violate('a waiter is answered truly', `${outcome}, and satisfied is ${document.satisfied}`);
  }

  return {
    async answer(instance, about) {
      const { tracker } = instance;
      await tracker.ready(on.settings);
      const set = tracker.replicaSet(on.settings);
      const askedAt = on.scheduler.now();
      const regions = expectedRegions(set);
      const requirement: Requirement = {
        regions,
        require: 'all',
        needed: Math.max(1, regions.length),
        isForEveryExpected: true,
      };
      const document = await tracker.answer(questionOf(about), requirement).catch(() => undefined);
      on.counters.count('answers', document?.state ?? 'none');
      if (document !== undefined)
        judgeDocument(on, document, tracker.replicaSet(on.settings), seenBetween(askedAt, on.scheduler.now()), truly);
    },
    async wait(instance, { about, require, region, timeoutMs }) {
      const { tracker } = instance;
      await tracker.ready(on.settings);
      const set = tracker.replicaSet(on.settings);
      const named = region === undefined ? undefined : on.regions[region % on.regions.length];
      const isKnown = named !== undefined && set.replicas.some((replica) => replica.region === named);
      const regions = isKnown ? [named] : expectedRegions(set);
      const needed = require === 'any' ? 1 : Math.max(1, regions.length);
      const requirement: Requirement = { regions, require, needed, isForEveryExpected: !isKnown };
      const waiter: Waiter = { instance, about, requirement, askedAt: on.scheduler.now() };
      waiters.add(waiter);
      const result = await tracker.wait(questionOf(about), requirement, timeoutMs).catch(() => undefined);
      waiters.delete(waiter);
      if (result !== undefined) judgeResult(waiter, result, tracker);
    },
    judgeWaiting() {
      for (const waiter of waiters) judgeTime(waiter);
    },
  };
}
