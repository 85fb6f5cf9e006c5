/**
 * Lists the waits that are open now: for which images and releases, with which requirement, by how many clients, and
 * since when.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import type { CheckList } from '../../core/checks/check-list.ts';
import type { Tracker } from '../../core/tracker.ts';
import type { WaitBoard } from '../../core/waiting/wait-board.ts';
import { whoWaits } from '../../core/waiting/who-waits.ts';
import { httpHandler, json, readQuery } from '../http/http.ts';
import { readRegistry, registryQuery } from '../http/question.ts';
import type { RouteDescription } from '../http/route.ts';
import { instant, named, noKey, refusals } from '../http/route.ts';

/** The longest waits are shown first; the rest is cut off. */
const maxShown = 500;

const waitingList = named('WaitingList', () =>
  z.object({
    waiting: z
      .array(
        z.object({
          kind: z.enum(['image', 'release']),
          name: z.string().describe('As in the question, with the global login server; or the name of the release.'),
          regions: z
            .array(z.string())
            .optional()
            .describe('The regions that must have it. Left out: every expected one; or what the release says.'),
          require: z
            .union([z.literal('any'), z.int().min(1)])
            .optional()
            .describe('How many of these regions. Left out: all of them.'),
          artifacts: z.array(z.string()).optional().describe('What must be attached to it. Left out: nothing.'),
          platforms: z
            .array(z.string())
            .optional()
            .describe('Of an index, the platforms that are enough. Left out: all.'),
          requests: z.int().min(0).describe('Requests that wait for it. Of a request for several images each counts.'),
          checks: z.int().min(0).describe('Deployment checks without a verdict.'),
          since: instant().describe('When the longest of them began to wait.'),
        }),
      )
      .describe(
        'The longest waiting first; the first 500. An image that is waited for with two requirements has two entries.',
      ),
    total: z.int().min(0),
    instances: z.int().min(0).describe('Instances that hold requests.'),
    checksComplete: z
      .boolean()
      .describe('Whether all deployment checks are counted: they could be read, and there were fewer than 2,000.'),
  }),
);

export function describeWaiting(): RouteDescription {
  return {
    operation: 'listWaiting',
    method: 'get',
    path: '/api/waiting',
    summary: 'Which images and releases are waited for, with which requirement, by how many and for how long',
    detail:
      'Requests of other instances are as they were up to 15 seconds ago, and those that ended since may be shown for up to two minutes. ' +
      'Releases are shown for every registry.',
    auth: 'functionKey',
    query: registryQuery,
    answers: { 200: { description: 'Who waits.', schema: waitingList() }, ...refusals(400, 404, 503), ...noKey },
  };
}

/** @param checks `undefined` where no deployment checks are configured */
export function waitingFunction(
  tracker: Tracker,
  board: Pick<WaitBoard, 'list'>,
  checks?: CheckList,
): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/waiting',
    handler: httpHandler(registryQuery, async function listWaiting(request) {
      const registry = readRegistry(readQuery(request), tracker);
      if ('refusal' in registry) return registry.refusal;
      const [instances, listed] = await Promise.all([board.list(), checks?.read()]);
      const found = whoWaits(instances, listed?.waiting() ?? [], tracker.registries, registry.value);
      const waiting = found
        .slice(0, maxShown)
        .map(({ registry: _, since, ...waited }) => ({ ...waited, since: new Date(since).toISOString() }));
      return json(200, {
        waiting,
        total: found.length,
        instances: instances.filter(({ waits }) => waits.length > 0).length,
        checksComplete: checks === undefined || listed?.isComplete === true,
      });
    }),
  };
}
