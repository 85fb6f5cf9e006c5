/**
 * Whether the app can do its work, for load balancers and people. The route is public, so it names no registry, and it
 * checks the storage at most every few seconds, however often it is called.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import type { HealthProbe } from '../../core/ports.ts';
import { describeError } from '../../core/runtime/errors.ts';
import type { Tracker } from '../../core/tracker.ts';
import { httpHandler, json, noQuery } from '../http/http.ts';
import type { RouteDescription } from '../http/route.ts';
import { named, refusals } from '../http/route.ts';

type Checks = Record<string, 'ok' | 'failing'>;

const remembersMs = 2_000;
const probeTimeoutMs = 3_000;

const healthDocument = named('Health', () =>
  z.object({
    status: z
      .enum(['ok', 'degraded', 'failing'])
      .describe('`degraded`: every answer is right, and events are published once the topic accepts them.'),
    checks: z.record(z.string(), z.enum(['ok', 'failing'])),
  }),
);

export function describeHealth(): RouteDescription {
  return {
    operation: 'reportHealth',
    method: 'get',
    path: '/api/health',
    alsoHead: true,
    summary: 'Whether the app can do its work',
    auth: 'none',
    answers: {
      200: { description: 'It can.', schema: healthDocument() },
      503: { description: 'It cannot.', schema: healthDocument() },
      ...refusals(400),
    },
  };
}

export function healthFunction(
  tracker: Tracker,
  probes: readonly HealthProbe[],
  now: () => number,
): HttpFunctionOptions {
  let last: { readonly at: number; readonly checks: Promise<Checks> } | undefined;

  async function check(warn: (line: string) => void): Promise<Checks> {
    const results = await Promise.all(
      probes.map(async (probe) => {
        const problem = await problemOf(probe);
        if (problem !== undefined) warn(`health: ${probe.name} failing: ${problem}`);
        return [probe.name, problem === undefined ? 'ok' : 'failing'] as const;
      }),
    );
    return Object.fromEntries(results);
  }

  return {
    methods: ['GET', 'HEAD'],
    authLevel: 'anonymous',
    route: 'api/health',
    handler: httpHandler(noQuery, async function reportHealth(_request, context) {
      if (last === undefined || now() - last.at > remembersMs) {
        last = { at: now(), checks: check((line) => context.warn(line)) };
      }
      const checks = await last.checks;
      const isWorking = Object.values(checks).every((result) => result === 'ok');
      // While the topic is away, answers are right and events are delayed: no reason to restart the app.
      const topic = tracker.topicOutage() === undefined ? 'ok' : 'failing';
      const status = isWorking ? (topic === 'ok' ? 'ok' : 'degraded') : 'failing';
      return json(isWorking ? 200 : 503, { status, checks: { ...checks, topic } });
    }),
  };
}

/** @returns the failure; `undefined` where the probe succeeds */
async function problemOf(probe: HealthProbe): Promise<string | undefined> {
  const timeout = new Promise<string>((resolve) => setTimeout(resolve, probeTimeoutMs, 'timeout').unref());
  return Promise.race([probe.check().then(() => undefined, describeError), timeout]);
}
