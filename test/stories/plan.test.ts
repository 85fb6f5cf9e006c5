/** A seed and a number determine a story, so that the story of a violation can be run again. */
import { expect, test } from 'vitest';
import type { Plan } from './plan.ts';
import { planBatch, planStory } from './plan.ts';

const lengthMs = 30_000;

function planOf(seed: number, story: number): Plan {
  return planStory(seed, story, story % 14, planBatch(seed, Math.floor(story / 14), lengthMs), lengthMs);
}

test('the same seed and number make the same plan, others make another', () => {
  expect(planOf(7, 31)).toEqual(planOf(7, 31));
  expect(planOf(8, 31).steps).not.toEqual(planOf(7, 31).steps);
  expect(planOf(7, 43).steps).not.toEqual(planOf(7, 31).steps);
});

test('every way of misbehaving is in the plans', () => {
  const plans = Array.from({ length: 600 }, (_, story) => planOf(7, story));
  const steps = plans.flatMap((plan) => plan.steps);
  const reports = steps.flatMap((step) => (step.do === 'report' ? [step] : []));
  const offMs = reports.map(({ at, eventMs }) => eventMs - at);
  const found = new Set([
    ...plans.map(({ kind }) => `kind ${kind}`),
    ...steps.flatMap((step) => (step.do === 'arm' ? [`arm ${step.fault}`] : [])),
    ...steps.flatMap((step) => (step.do === 'endpoint' ? [`endpoint ${step.fault}`] : [])),
    ...reports.map(({ report }) => `report ${report.action}`),
    ...plans.flatMap(({ refused }) => (refused === undefined ? [] : [`refused ${refused.status}`])),
  ]);
  for (const fault of ['lacks', 'empty', 'repeats', 'failed', 'getNotFound', 'unavailable', 'hanging']) {
    expect(found).toContain(`arm ${fault}`);
  }
  for (const fault of ['html404', 'unauthorized', 'throttled', 'error', 'hanging']) {
    expect(found).toContain(`endpoint ${fault}`);
  }
  for (const action of ['push', 'delete', 'untag', 'repositoryDelete']) expect(found).toContain(`report ${action}`);
  for (const status of [400, 413]) expect(found).toContain(`refused ${status}`);
  expect(offMs.some((ms) => ms > 300_000 && ms < 900_000)).toBe(true);
  expect(offMs.some((ms) => ms < -3_600_000)).toBe(true);
  expect(offMs.some((ms) => ms > 300 * 86_400_000)).toBe(true);
  expect(reports.some(({ report }) => report.region === 'japaneast')).toBe(true);
});
