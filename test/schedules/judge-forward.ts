/** Whether a webhook could be sent at its time: its target needs the image in regions that may have had it then. */
import type { AvailabilityQuery } from '../../src/core/image/availability.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { Requirement } from '../../src/core/model/requirement.ts';
import type { Case } from './case.ts';
import { claimOfAll, mustBeListed, partsOf } from './family-claims.ts';
import { seenBetween } from './history.ts';

/** @param askedAt when the forwarder began to check whether it is still true */
export function judgeForward(
  on: Case,
  { digest }: AvailabilityQuery,
  { regions, needed }: Requirement,
  askedAt: number,
): void {
  const image = on.imageOf(digest ?? null);
  if (image === undefined) {
    on.violate('a forward is true', `${digest}, which no report is about`);
    return;
  }
  const view = seenBetween(askedAt, on.scheduler.now());
  const parts = partsOf(on, image, mustBeListed(on, image, askedAt, on.scheduler.now()));
  const mayCount = (region: Region) => {
    const absentTimes = [undefined, on.registry.addedAt(region)];
    const mayBeThere = absentTimes.some(
      (lastAbsentAt) => claimOfAll(on, parts, region, { ...view, lastAbsentAt }).mayCount,
    );
    return mayBeThere && (on.plan.world.probing !== 'confirm' || on.history.isConfirmed(image, region, view));
  };
  const has = regions.filter(mayCount);
  if (has.length < needed)
    on.violate(
      'a forward is true',
      `image ${image} is sent to a target that needs it in ${needed} of ${regions}, and is in ${has}`,
    );
}
