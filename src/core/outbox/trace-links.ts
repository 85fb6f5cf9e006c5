/**
 * Finds the delivery that caused an event. One write may have reports of several regions, and each event is timed from, and
 * linked in traces to, the report that caused it.
 */

import { parseAnnouncementKey } from '../image/announcement-key.ts';
import { isAvailable } from '../image/arrival.ts';
import type { TraceLink } from '../image/cloud-event.ts';
import type { ImageRecord } from '../image/record.ts';
import { arrivalIn, arrivalRegions, imageKey } from '../image/record.ts';
import type { Region } from '../model/region.ts';
import type { TraceParent } from '../runtime/trace-parent.ts';

/** The deliveries that are being recorded now, each with its place in its trace. */
export interface InFlightDeliveries {
  /** @returns a function to call when it is recorded */
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
 * The cause of each announcement of a write: for an event about one region, the report of that region; for every other event,
 * the latest report in this write.
 * @returns `undefined` where the write has no report: time has passed, or the replica set has changed
 */
export function traceLinksFor(
  record: ImageRecord,
  before: ImageRecord | undefined,
  inFlight: InFlightDeliveries,
): (key: string) => TraceLink | undefined {
  const image = imageKey(record.name);
  const causes = new Map(
    arrivalRegions(record).flatMap((region) => {
      const arrival = arrivalIn(record, region);
      if (arrival === undefined || arrival === arrivalIn(before, region)) return [];
      // Confirmed, or with another tag: the time of arrival is not the time of this change.
      const was = arrivalIn(before, region);
      const isSame = was !== undefined && isAvailable(was) === isAvailable(arrival) && was.since === arrival.since;
      return [[region, { at: isSame ? undefined : arrival.since, trace: inFlight.traceOf(image, region) }] as const];
    }),
  );
  const last = [...causes.values()].reduce<TraceLink | undefined>(
    (latest, cause) => (latest === undefined || (cause.at ?? 0) >= (latest.at ?? 0) ? cause : latest),
    undefined,
  );
  return (key) => {
    const { region } = parseAnnouncementKey(key);
    return (region === undefined ? undefined : causes.get(region)) ?? last;
  };
}
