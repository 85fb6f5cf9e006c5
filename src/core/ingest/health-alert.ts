/**
 * Parses incidents of the registry service that Azure Service Health reports, from Azure Monitor's alert webhook. They explain
 * why a replica is late during an outage of its region; without that, people search for the fault in their own pipeline. They
 * are only a hint: whether an image is available never depends on them.
 */
import * as z from 'zod';
import type { Region } from '../model/region.ts';
import { parseRegion, sortRegions } from '../model/region.ts';
import { fromJsonText } from '../runtime/json-text.ts';
import type { Parsed } from '../runtime/parsed.ts';
import { parsed, problem } from '../runtime/parsed.ts';
import { readAs } from '../runtime/validation.ts';

export interface HealthEvent {
  /** Azure's id of the incident, as its status pages show it; letters, digits, dashes. */
  readonly trackingId: string;
  /** One line, for people. */
  readonly title: string;
  /** Alphabetical. Empty if `isEverywhere`. */
  readonly regions: readonly Region[];
  readonly isEverywhere: boolean;
  readonly isOpen: boolean;
  /** Milliseconds since 1970, like every time here; `null` where the alert does not say. */
  readonly startedAt: number | null;
  /** The time of the alert: the newest one about an incident counts. */
  readonly reportedAt: number;
}

type HealthAlert =
  | { readonly kind: 'event'; readonly event: HealthEvent }
  /** About another service, or an event that makes no replica late. */
  | { readonly kind: 'ignored'; readonly reason: string };

const line = (limit: number) =>
  z.string('must be a string').transform((text) =>
    text
      .replaceAll(/[\s\p{C}]+/gu, ' ')
      .trim()
      .slice(0, limit),
  );
/** Later years have five digits: clients could not parse such a time, and no later alert would be newer. */
const lastTime = Date.parse('9999-12-31T23:59:59.999Z');
const time = z
  .string()
  .transform((text) => Date.parse(text))
  .refine((value) => value > 0 && value <= lastTime)
  .nullish()
  .catch(undefined);
const optionalText = z.string().nullish().catch(undefined);

/** Source: Azure Monitor's common alert schema, with `alertContext` as Service Health fills it. */
const alert = z.object(
  {
    schemaId: z.literal('azureMonitorCommonAlertSchema', 'must be "azureMonitorCommonAlertSchema"'),
    data: z.object({
      essentials: z.object({ monitoringService: optionalText, monitorCondition: optionalText, firedDateTime: time }),
      alertContext: z.unknown(),
    }),
  },
  'must be an alert in the common alert schema',
);
const context = z.object({
  eventTimestamp: time,
  submissionTimestamp: time,
  status: optionalText,
  properties: z.object({
    trackingId: z.string('must be a string').regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be letters, digits, "_" and "-"'),
    title: line(200).nullish(),
    incidentType: optionalText,
    stage: optionalText,
    impactStartTime: time,
    impactedServices: z.unknown(),
  }),
});
const impact = z
  .array(
    z.object({
      ServiceName: z.string(),
      ImpactedRegions: z
        .array(z.object({ RegionName: z.string() }))
        .max(500)
        .default([]),
    }),
  )
  .max(500);

const registryService = /^(azure )?container registry$/i;
/** Advisories stay active for months and make no replica late. */
const disturbing = /^(incident|maintenance|plannedmaintenance)$/i;
const notGoingOn = /^(resolved|complete|completed|cancell?ed|planned|rescheduled|rca)$/i;

/** @param receivedAt milliseconds since 1970; used where the alert has no time */
export function parseHealthAlert(body: unknown, receivedAt: number): Parsed<HealthAlert> {
  const outer = readAs(alert, body);
  if (!outer.ok) return outer;
  const { essentials, alertContext } = outer.value.data;
  const ignored = (reason: string): Parsed<HealthAlert> => parsed({ kind: 'ignored', reason });
  if (essentials.monitoringService?.replaceAll(' ', '').toLowerCase() !== 'servicehealth')
    return ignored('another alert');

  const inner = readAs(context, alertContext, 'data.alertContext.');
  if (!inner.ok) return inner;
  const { properties, status, eventTimestamp, submissionTimestamp } = inner.value;
  const services = impact.safeParse(fromJsonText(properties.impactedServices));
  if (!services.success) {
    return problem('data.alertContext.properties.impactedServices', 'must be a list of services, as JSON text');
  }
  if (!disturbing.test(properties.incidentType ?? 'incident')) return ignored('an advisory');
  const names = services.data
    .filter(({ ServiceName }) => registryService.test(ServiceName.trim()))
    .flatMap(({ ImpactedRegions }) => ImpactedRegions.map(({ RegionName }) => RegionName.trim()));
  const isEverywhere = names.some((name) => name.toLowerCase() === 'global');
  const regions = isEverywhere ? [] : sortRegions(names.flatMap((name) => parseRegion(name) ?? []));
  if (regions.length === 0 && !isEverywhere) return ignored('another service');

  const isResolved = essentials.monitorCondition?.toLowerCase() === 'resolved';
  return parsed({
    kind: 'event',
    event: {
      trackingId: properties.trackingId,
      title: properties.title || 'Container Registry incident',
      regions,
      isEverywhere,
      isOpen: !isResolved && !notGoingOn.test((properties.stage ?? status ?? '').replaceAll(' ', '')),
      startedAt: properties.impactStartTime ?? null,
      reportedAt: eventTimestamp ?? submissionTimestamp ?? essentials.firedDateTime ?? receivedAt,
    },
  });
}
