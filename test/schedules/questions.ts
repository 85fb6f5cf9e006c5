/** Requests during the schedule, and whether they are answered rightly and in time. */

import type { AvailabilityQuery } from '../../src/core/image/availability.ts';
import type { Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import { expectedRegions } from '../../src/core/model/replica-set.ts';
import type { Requirement } from '../../src/core/model/requirement.ts';
import type { WaitResult } from '../../src/core/query/ask.ts';
import type { Tracker } from '../../src/core/tracker.ts';
import { pace } from '../../src/core/tracker.ts';
import { hasRival, isEverywhere, pushedOfKind, wasDeleted } from './artifact-claims.ts';
import type { Case } from './case.ts';
import { clockText } from './case.ts';
import { partsFor, partsOf } from './family-claims.ts';
import { seenBetween } from './history.ts';
import type { Instance } from './instance.ts';
import { judgeDocument } from './judge-answer.ts';
import { judgeCountsDuringRun } from './judge-counts.ts';
import { mayHaveMoved } from './judge-moves.ts';
import type { Command, Subject } from './plan.ts';

export interface Questions {
  answer(instance: Instance, about: Subject): Promise<void>;
  wait(instance: Instance, command: Command & { kind: 'wait' }): Promise<void>;
  /** From now on a wait must not last although its requirement is met. */
  judgeWaiting(): void;
}

interface Waiter {
  readonly instance: Instance;
  readonly about: Subject;
  readonly requirement: Requirement;
  readonly askedAt: number;
  readonly timeoutMs: number;
}

const answerRules = { answer: 'an answer is true', kept: 'an acknowledged fact is kept' } as const;
const waitRules = { answer: 'the answer to a wait is true', kept: 'the answer to a wait is true' } as const;
/** An answer takes at least as long as the calls that it needs. */
const graceMs = 500;
const longestReadingMs = 3_000;
/** From the contract. */
const refusedAfterMs = 30_000;

export function questions(on: Case): Questions {
  const waiters = new Set<Waiter>();

  function questionOf({ image, tag, artifacts, platforms }: Subject): AvailabilityQuery {
    const place = { registry: on.settings, repository: on.repository };
    return {
      ...place,
      ...(artifacts && { artifacts }),
      ...(platforms && { platforms }),
      digest: image === undefined ? undefined : on.nameOf(image).digest,
      tag: tag === undefined ? undefined : on.tagOf(tag),
    };
  }

  /**
   * Since when the requirement is certainly met: by what was acknowledged, and what no reported deletion can undo. Only
   * known for what depends on one image, and for a set of regions that does not change.
   */
  function metSince({ about, requirement }: Waiter): number | undefined {
    const { world } = on.plan;
    // What no digest names is deleted there and may be there.
    if (on.history.unnamedDeletes.length > 0) return undefined;
    if (world.probing === 'confirm' || (requirement.isForEveryExpected === true && world.set === 'arm'))
      return undefined;
    // What a removed replica reported is void.
    if (world.set === 'arm' && on.registry.everySet.size > 1) return undefined;
    const tag = about.tag === undefined ? undefined : on.tagOf(about.tag);
    const tagged = tag === undefined ? [] : on.history.tagPushes(tag);
    const image = about.image ?? tagged[0]?.image;
    if (image === undefined || tagged.some((report) => report.image !== image)) return undefined;
    const parts = partsFor(on, image, true, about.platforms);
    if (parts === undefined) return undefined;
    // It has to be read first.
    if (parts.length > 1 && (!on.isCalm || on.readings.lastFailedAt !== undefined)) return undefined;
    const attachedAt = about.artifacts === undefined ? 0 : attachedSince(image, about.artifacts);
    const readingMs = parts.length > 1 ? longestReadingMs : 0;
    const since = (region: Region): number =>
      Math.max(attachedAt, ...parts.map((part) => readingMs + sinceOf(part, region, part === image ? tag : undefined)));
    const times = requirement.regions.map(since).sort((a, b) => a - b);
    const met = times[requirement.needed - 1];
    return met === undefined || !Number.isFinite(met) ? undefined : met;
  }

  /**
   * Everything of these kinds in every replica, reported and listed; referrers are read at most every three seconds.
   */
  function attachedSince(image: number, kinds: readonly string[]): number {
    if (!on.isCalm) return Number.POSITIVE_INFINITY;
    const ofKind = (kind: string): number => {
      const all = pushedOfKind(on, image, kind);
      const isSteady = (one: number) => isEverywhere(on, one) && !hasRival(on, one) && !wasDeleted(on, one);
      if (all.length === 0 || !all.every(isSteady)) return Number.POSITIVE_INFINITY;
      const times = all.flatMap((one) => on.registry.replicas.map((region) => sinceOf(one, region, undefined)));
      return Math.max(...times) + 2 * longestReadingMs;
    };
    return Math.max(...kinds.map(ofKind));
  }

  function sinceOf(image: number, region: Region, tag: Tag | undefined): number {
    const there = on.history.reports.filter((report) => report.image === image && report.fact.region === region);
    const deletedAt =
      there
        .flatMap((report) => (report.fact.kind === 'push' ? [] : [on.history.counted(report).last]))
        .sort()
        .at(-1) ?? '';
    const times = there
      .filter(
        (report) =>
          report.fact.kind === 'push' &&
          on.history.counted(report).first > deletedAt &&
          (tag === undefined || report.fact.tag === tag),
      )
      .map(({ knownAt }) => knownAt ?? Number.POSITIVE_INFINITY);
    return Math.min(Number.POSITIVE_INFINITY, ...times);
  }

  function judgeTime(waiter: Waiter): void {
    if (waiter.instance.isKilled) return;
    const met = metSince(waiter);
    if (met === undefined) return;
    const { faultUntil } = waiter.instance;
    const from = Math.max(met, waiter.askedAt, faultUntil.get('tables') ?? 0);
    const until = from + pace.maxPauseMs + graceMs + 8 * on.plan.world.paceMs;
    const now = on.scheduler.now();
    if (now <= until) return;
    const what = `${waiter.instance.label} asked at ${clockText(waiter.askedAt)} about ${JSON.stringify(waiter.about)}`;
    on.violate(
      'a wait is answered in time',
      `${what}: met since ${clockText(met)}, still waiting at ${clockText(now)}`,
    );
  }

  /** That it is deleted or superseded must have been so for long, or the time is up. */
  function judgeRefusal(waiter: Waiter, outcome: 'deleted' | 'superseded'): void {
    const { instance, about, askedAt, timeoutMs } = waiter;
    const now = on.scheduler.now();
    const isEnd = now >= askedAt + timeoutMs || instance.isStopping;
    const what = `${instance.label} asked at ${clockText(askedAt)} about ${JSON.stringify(about)}: ${outcome} at ${clockText(now)}`;
    if (!isEnd && now < askedAt + refusedAfterMs) on.violate('no wait is refused too early', what);
    const since = isEnd ? now : now - refusedAfterMs;
    const { image, tag } = about;
    if (image === undefined) return;
    if (outcome === 'superseded') {
      const isKnown = tag !== undefined && mayHaveMoved(on, { tag: on.tagOf(tag), from: image }, since);
      if (!isKnown)
        on.violate('the answer to a wait is true', `${what}, and no region has reported another digest after it`);
      return;
    }
    // Of an index, one of its members may be what was deleted everywhere.
    const family = partsOf(on, image, true);
    const isDeleted = on.history.reports.some(
      (report) => family.includes(report.image) && report.fact.kind === 'delete' && report.reportedAt <= since,
    );
    if (!isDeleted) on.violate('no wait is refused too early', `${what}, and it was not for long`);
  }

  function judgeResult(waiter: Waiter, { outcome, document }: WaitResult, tracker: Tracker): void {
    on.counters.count('waiters', outcome);
    if (outcome === 'waiting') {
      judgeTime(waiter);
      return;
    }
    // Requests share reads of the storage, and the storage may change since: the answer may be based on a later read.
    const seen = seenBetween(waiter.askedAt, on.scheduler.now());
    const { about, askedAt, instance } = waiter;
    const asked = { ...about, label: instance.label, askedAt };
    judgeDocument(on, document, tracker.replicaSet(on.settings), seen, waitRules, asked);
    if ((outcome === 'satisfied') !== document.satisfied)
      on.violate('the answer to a wait is true', `${outcome}, and satisfied is ${document.satisfied}`);
    if (outcome !== 'satisfied') judgeRefusal(waiter, outcome);
  }

  return {
    async answer(instance, about) {
      const { tracker } = instance;
      if (on.plan.world.catalogue === true) void judgeCountsDuringRun(on, instance);
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
        judgeDocument(
          on,
          document,
          tracker.replicaSet(on.settings),
          seenBetween(askedAt, on.scheduler.now()),
          answerRules,
          {
            ...about,
            label: instance.label,
            askedAt,
          },
        );
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
      const waiter: Waiter = { instance, about, requirement, askedAt: on.scheduler.now(), timeoutMs };
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
