/**
 * Which delivery made which news. Several regions may speak of an image in one write, and each news is to be timed from,
 * and traced back to, the one that made it.
 */

import { parseAnnouncementKey } from '../image/announcement-key.ts';
import { isAvailable } from '../image/arrival.ts';
import type { TraceLink } from '../image/cloud-event.ts';
import type { ImageRecord } from '../image/record.ts';
import { arrivalIn, arrivalRegions, imageKey } from '../image/record.ts';
import type { Region } from '../model/region.ts';
import type { TraceParent } from '../runtime/trace-parent.ts';

/** Which deliveries are being recorded at the moment, and where each is in its trace. */
export interface InFlightDeliveries {
  /** @returns how to say that it is over */
  begin(image: string, region: Region, trace: TraceParent | undefined): () => void;
  traceOf(image: string, region: Region): TraceParent | undefined;
}

export function inFlightDeliveries(): InFlightDeliveries {
  const traces = new Map<string, TraceParent>();
  return {
    begin(image, region, trace) {
      const key = `${image} ${region}`;
      if (trace !== undefined) traces.set(key, trace);
      return () => {
        if (traces.get(key) === trace) traces.delete(key);
      };
    },
    traceOf: (image, region) => traces.get(`${image} ${region}`),
  };
}

/**
 * What made each announcement of a write: for what is published about a region, what that region said; for everything else, the
 * last to speak of those that this write heard.
 * @returns `undefined` where nobody spoke: time has passed, or the replica set has changed
 */
export function traceLinksFor(
  record: ImageRecord,
  before: ImageRecord | undefined,
  underWay: InFlightDeliveries,
): (key: string) => TraceLink | undefined {
  const image = imageKey(record.name);
  const heard = new Map(
    arrivalRegions(record).flatMap((region) => {
      const arrival = arrivalIn(record, region);
      if (arrival === undefined || arrival === arrivalIn(before, region)) return [];
      // Confirmed, or given another tag: the time it came is not the time of this news.
      const was = arrivalIn(before, region);
      const isSame = was !== undefined && isAvailable(was) === isAvailable(arrival) && was.since === arrival.since;
      return [[region, { at: isSame ? undefined : arrival.since, trace: underWay.traceOf(image, region) }] as const];
    }),
  );
  const last = [...heard.values()].reduce<TraceLink | undefined>(
    (latest, cause) => (latest === undefined || (cause.at ?? 0) >= (latest.at ?? 0) ? cause : latest),
    undefined,
  );
  return (key) => {
    const { region } = parseAnnouncementKey(key);
    return (region === undefined ? undefined : heard.get(region)) ?? last;
  };
}
