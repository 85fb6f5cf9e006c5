/**
 * The events published about a release, whether the topic has accepted them, and the deployment checks that name the
 * release.
 */
import type { HttpResponseInit } from '@azure/functions';
import * as z from 'zod';
import type { CheckList } from '../../core/checks/check-list.ts';
import { announcementsOf } from '../../core/releases/release.ts';
import { toReleaseEvent } from '../../core/releases/release-document.ts';
import type { Releases } from '../../core/releases/releases.ts';
import type { Tracker } from '../../core/tracker.ts';
import { json } from '../http/http.ts';
import { named } from '../http/route.ts';
import { checkDocument, describeCheck } from './deliveries-description.ts';
import { describeDelivery, eventAttributes, eventDelivery } from './published-event.ts';
import { answerRelease } from './release-document.ts';

export const releaseEventList = named('ReleaseEventList', () =>
  z.object({
    release: z.string(),
    events: z
      .array(
        z.object({
          ...eventAttributes(),
          revision: z.int().min(1),
          ...eventDelivery(),
        }),
      )
      .describe('Of the current revision.'),
    checks: z
      .array(checkDocument())
      .nullable()
      .describe(
        'Deployment checks of the last two days that named this release, newest first. `null` where they could not be read within a second.',
      ),
    checksComplete: z
      .boolean()
      .describe('Whether all checks were searched: they could be read, and there were fewer than 2,000.'),
  }),
);

/** @param checks `undefined` where no deployment checks are configured */
export async function listOfRelease(
  name: string,
  tracker: Pick<Tracker, 'registries'>,
  releases: Pick<Releases, 'read'>,
  checks?: CheckList,
): Promise<HttpResponseInit> {
  const [found, read] = await Promise.all([releases.read(name), checks?.read()]);
  return answerRelease(name, found, (_document, { release, result }) => {
    const { document } = result;
    const registry = tracker.registries.find(({ loginServer }) => loginServer === document.images[0]?.registry);
    const events =
      registry === undefined
        ? []
        : announcementsOf(release).map(({ announcement, acceptedAt }) => {
            const { id, source, type, subject, time, data } = toReleaseEvent(release, announcement, document, registry);
            return {
              ...{ id, source, type, subject, time, revision: release.revision },
              ...describeDelivery(acceptedAt),
              data,
            };
          });
    return json(200, {
      release: name,
      events,
      checks: read?.aboutRelease(name).map(describeCheck) ?? (checks === undefined ? [] : null),
      checksComplete: checks === undefined || read?.isComplete === true,
    });
  });
}
