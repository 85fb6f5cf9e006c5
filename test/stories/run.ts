/** Batches of stories: all stories of a batch share a world and its faults. */
import { setTimeout as pause } from 'node:timers/promises';
import type { History } from './history.ts';
import { judge } from './judge.ts';
import { judgeEnd } from './judge-end.ts';
import { modelOf } from './model.ts';
import type { BatchPlan, Plan } from './plan.ts';
import { planBatch, planStory } from './plan.ts';
import { playerOf } from './play.ts';
import type { Violation } from './violation.ts';
import type { World } from './world.ts';
import { startWorld } from './world.ts';

export interface BatchInput {
  readonly seed: number;
  readonly batch: number;
  readonly stories: number;
  /** How long things happen; some waits go on after that. */
  readonly lengthMs: number;
  /** How long after all faults have ended everything must be published at the latest. */
  readonly settleMs: number;
  /** Only this story, with the same faults. */
  readonly only?: number;
}

export interface StoryResult {
  readonly history: History;
  readonly violations: readonly Violation[];
}

export interface BatchResult {
  readonly stories: readonly StoryResult[];
  readonly plans: readonly Plan[];
  readonly breaches: readonly string[];
  readonly settledMs: number;
}

export async function runBatch({ seed, batch, stories, lengthMs, settleMs, only }: BatchInput): Promise<BatchResult> {
  const faults = planBatch(seed, batch, lengthMs);
  const plans = Array.from({ length: stories }, (_, slot) =>
    planStory(seed, batch * stories + slot, slot, faults, lengthMs),
  ).filter(({ story }) => only === undefined || story === only);
  const world = await startWorld();
  try {
    world.topic.refuse = ({ type, data }) =>
      plans.find(
        ({ refused, registry, repository }) =>
          refused !== undefined &&
          type.endsWith(`.${refused.type}`) &&
          data.repository === repository &&
          data.registry === world.loginServerOf(registry),
      )?.refused?.status;
    const players = plans.map((plan) => playerOf(world, plan, seed));
    const startAt = Date.now() + 200;
    await Promise.all([misbehave(world, faults, startAt), ...players.map((player) => player.play(startAt))]);
    await world.setRight();
    for (const player of players) player.setQuiet();

    const quietAt = Date.now();
    const unsettled = new Set(players);
    while (unsettled.size > 0 && Date.now() - quietAt < settleMs) {
      await pause(2_000);
      for (const player of unsettled) {
        await player.askAll(false);
        const history = player.history();
        if (judgeEnd(history, modelOf(history)).length === 0) unsettled.delete(player);
      }
    }
    const settledMs = Date.now() - quietAt;
    for (const player of players) await player.askAll(true);
    const results = players.map((player): StoryResult => {
      const history = structuredClone(player.history());
      return { history, violations: judge(history) };
    });
    return { stories: results, plans, breaches: world.topic.breaches, settledMs };
  } finally {
    await world.stop();
  }
}

async function misbehave(world: World, { kill, cut, topic }: BatchPlan, startAt: number): Promise<void> {
  const at = (ms: number) => pause(startAt + ms - Date.now());
  await Promise.all([
    at(kill.from).then(() => world.kill(kill.process)),
    at(kill.until).then(() => world.restart(kill.process)),
    at(cut.from).then(() => world.cut(cut.process, cut.how)),
    at(cut.until).then(() => world.mend(cut.process)),
    at(topic.from).then(() => world.topicOutage(topic.how)),
    at(topic.until).then(() => world.topicOutage(undefined)),
  ]);
}
