/** `REGISTRIES`: a JSON array, one entry for each registry. Every fault names the entry and its field. */
import * as z from 'zod';
import { isOrigin, originRule } from '../core/origin.ts';
import { quote } from '../core/parsed.ts';
import type { Region } from '../core/region.ts';
import { parseRegion, regionRule } from '../core/region.ts';
import type { Registry } from '../core/registry.ts';
import type { Fault } from './values.ts';
import { parseJson, show } from './values.ts';

const region = z.string(regionRule).transform((text, context): Region => {
  const parsed = parseRegion(text);
  if (parsed === undefined) context.addIssue({ code: 'custom', message: regionRule });
  return parsed ?? z.NEVER;
});
const regions = z.array(region, 'must be a list of regions');

const endpoints = z
  .union(
    [z.boolean(), z.record(z.string(), z.string(originRule).refine(isOrigin, originRule))],
    'must be true, false, or a map from region to origin',
  )
  .superRefine((value, context) => {
    const names = typeof value === 'boolean' ? [] : Object.keys(value);
    for (const got of names.filter((name) => parseRegion(name) === undefined)) {
      context.addIssue({ code: 'custom', message: regionRule, path: [got], params: { got } });
    }
  });

const nameRule = 'must be the registry name: letters and digits, up to 50';
const loginServerRule = 'must be a host name, without https://';
const resourceIdRule = 'must be /subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerRegistry/registries/…';
const resourceIdPattern =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ContainerRegistry\/registries\/[^/]+$/i;

const registryEntry = z.object(
  {
    name: z.string(nameRule).regex(/^[a-zA-Z0-9]{2,50}$/, nameRule),
    loginServer: z
      .string(loginServerRule)
      .regex(/^[a-zA-Z0-9][a-zA-Z0-9.-]*(:\d{1,5})?$/, loginServerRule)
      .optional(),
    resourceId: z.string(resourceIdRule).regex(resourceIdPattern, resourceIdRule).optional(),
    regions: regions.min(1, 'must name at least one region').optional(),
    observedOnly: regions.default([]),
    regionalEndpoints: endpoints.default(false),
    verify: z.enum(['missing', 'confirm', 'deep'], 'must be "missing", "confirm" or "deep"').default('missing'),
  },
  'must be an object with a "name"',
);

export function readRegistries(text: string | undefined, fault: Fault): Registry[] {
  const example = 'a JSON array such as [{"name":"contoso","regions":["eastus","westeurope"]}]';
  if (text === undefined) {
    fault('REGISTRIES', `is required: ${example}`);
    return [];
  }
  const entries = parseJson(text);
  if (!Array.isArray(entries) || entries.length === 0) {
    fault('REGISTRIES', `must be ${example} (got ${show(text)})`);
    return [];
  }
  const result = z.array(registryEntry).safeParse(entries);
  for (const issue of result.success ? [] : result.error.issues) {
    const got = issue.code === 'custom' && issue.params !== undefined ? issue.params.got : valueAt(entries, issue.path);
    fault('REGISTRIES', `${issue.path.join('.')}: ${issue.message} (got ${show(got)})`);
  }
  entries.forEach((entry: unknown, i) => {
    if (typeof entry === 'object' && entry !== null) checkTogether({ ...entry }, String(i), fault);
  });
  if (!result.success) return [];
  const registries = result.data.map(toRegistry);
  for (const key of ['name', 'loginServer'] as const) {
    const values = registries.map((registry) => registry[key]);
    const repeated = values.find((value, i) => values.indexOf(value) !== i);
    if (repeated !== undefined) fault('REGISTRIES', `two entries have the ${key} ${quote(repeated)}`);
  }
  return registries;
}

/** What the fields of one entry mean together; looked at even when one of them is wrong in itself. */
function checkTogether(entry: { [field: string]: unknown }, place: string, fault: Fault): void {
  const { regions, resourceId, observedOnly, regionalEndpoints = false, verify } = entry;
  if (regions === undefined && resourceId === undefined) {
    fault('REGISTRIES', `${place}: needs "regions" or "resourceId" to know its replicas`);
  }
  if ((verify === 'confirm' || verify === 'deep') && regionalEndpoints === false) {
    const reason = 'needs "regionalEndpoints": without them no single replica can be asked';
    fault('REGISTRIES', `${place}.verify: ${reason} (got ${show(verify)})`);
  }
  if (!Array.isArray(regions) || !Array.isArray(observedOnly) || regions.length === 0) return;
  const observed = observedOnly.map(parseRegion);
  if (regions.every((one) => observed.includes(parseRegion(one)))) {
    fault('REGISTRIES', `${place}.observedOnly: leaves no region to wait for (got ${show(observedOnly)})`);
  }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

function toRegistry(entry: z.infer<typeof registryEntry>): Registry {
  const name = entry.name.toLowerCase();
  return {
    name,
    loginServer: (entry.loginServer ?? `${name}.azurecr.io`).toLowerCase(),
    resourceId: entry.resourceId,
    regions: entry.regions,
    observedOnly: entry.observedOnly,
    regionalEndpoints:
      typeof entry.regionalEndpoints === 'boolean' ? entry.regionalEndpoints : toOrigins(entry.regionalEndpoints),
    verify: entry.verify,
  };
}

function toOrigins(endpoints: Record<string, string>): ReadonlyMap<Region, string> {
  const origins = new Map<Region, string>();
  for (const [name, endpoint] of Object.entries(endpoints)) {
    const region = parseRegion(name);
    if (region !== undefined) origins.set(region, new URL(endpoint).origin);
  }
  return origins;
}
