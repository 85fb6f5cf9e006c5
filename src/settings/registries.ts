/** `REGISTRIES`: a JSON array, one entry for each registry. Every fault names the entry and its field. */
import * as z from 'zod';
import { faultOfCoverage } from '../core/model/endpoint-coverage.ts';
import type { Region } from '../core/model/region.ts';
import { parseRegion, regionRule } from '../core/model/region.ts';
import type { Registry } from '../core/model/registry.ts';
import { isOrigin, originRule } from '../core/runtime/url-origin.ts';
import { checkFields } from './fields.ts';
import type { Fault } from './values.ts';
import { parseJson, show, valueAt } from './values.ts';

const region = z.string(regionRule).transform((text, context): Region => {
  const parsed = parseRegion(text);
  if (parsed === undefined) context.addIssue({ code: 'custom', message: regionRule });
  return parsed ?? z.NEVER;
});
/** Two spellings of one region, such as `eastus` and `East US`, count once, as in a request. */
const regions = z.array(region, 'must be a list of regions');
const once = (list: readonly Region[]) => [...new Set(list)];

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

/** Source: Azure, "Naming rules and restrictions for Azure resources", Microsoft.ContainerRegistry. */
const nameRule = 'must be the registry name: 5 to 50 letters and digits';
const loginServerRule = 'must be a host name, without https://';
const resourceIdRule = 'must be /subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerRegistry/registries/…';
const resourceIdPattern =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ContainerRegistry\/registries\/[^/]+$/i;

const registryEntry = z.object(
  {
    name: z.string(nameRule).regex(/^[a-zA-Z0-9]{5,50}$/, nameRule),
    loginServer: z
      .string(loginServerRule)
      .regex(/^[a-zA-Z0-9][a-zA-Z0-9.-]*(:\d{1,5})?$/, loginServerRule)
      .optional(),
    resourceId: z.string(resourceIdRule).regex(resourceIdPattern, resourceIdRule).optional(),
    regions: regions.min(1, 'must name at least one region').transform(once).optional(),
    observedOnly: regions.transform(once).default([]),
    regionalEndpoints: endpoints.default(false),
    verify: z.enum(['missing', 'confirm', 'deep'], 'must be "missing", "confirm" or "deep"').default('missing'),
    members: z.boolean('must be true or false').default(true),
  },
  'must be an object with a "name"',
);

/** @param warn called with likely mistakes that are no faults */
export function readRegistries(text: string | undefined, fault: Fault, warn: Fault): Registry[] {
  const example = 'a JSON array such as [{"name":"contoso","regions":["eastus","westeurope"]}]';
  if (text === undefined) {
    fault('REGISTRIES', `is required: ${example} (got nothing)`);
    return [];
  }
  const entries = parseJson(text);
  if (!Array.isArray(entries) || entries.length === 0) {
    fault('REGISTRIES', `must be ${example} (got ${show(text)})`);
    return [];
  }
  const registries = entries.flatMap((entry: unknown, i) => {
    checkFields('REGISTRIES', i, entry, Object.keys(registryEntry.shape), fault);
    if (typeof entry === 'object' && entry !== null) checkTogether({ ...entry }, String(i), fault, warn);
    const result = registryEntry.safeParse(entry);
    if (result.success) return [toRegistry(result.data)];
    for (const issue of result.error.issues) {
      const got = issue.code === 'custom' && issue.params !== undefined ? issue.params.got : valueAt(entry, issue.path);
      fault('REGISTRIES', `${[i, ...issue.path].join('.')}: ${issue.message} (got ${show(got)})`);
    }
    return [];
  });
  checkRepeats(entries, fault);
  return registries;
}

/** Checked even when an entry has other faults. */
function checkRepeats(entries: readonly unknown[], fault: Fault): void {
  const all = entries.map(namesOf);
  all.forEach(({ name, loginServer }, i) => {
    const earlier = all.slice(0, i);
    if (name !== undefined && earlier.some((other) => other.name === name)) {
      fault('REGISTRIES', `${i}.name: two entries have it (got ${show(name)})`);
    } else if (loginServer !== undefined && earlier.some((other) => other.loginServer === loginServer)) {
      fault('REGISTRIES', `${i}.loginServer: two entries have it (got ${show(loginServer)})`);
    }
  });
}

function namesOf(entry: unknown): { readonly name: string | undefined; readonly loginServer: string | undefined } {
  const fields = Object(entry) as { name?: unknown; loginServer?: unknown };
  const name = typeof fields.name === 'string' ? fields.name.toLowerCase() : undefined;
  if (typeof fields.loginServer === 'string') return { name, loginServer: fields.loginServer.toLowerCase() };
  return { name, loginServer: name && defaultLoginServer(name) };
}

function defaultLoginServer(name: string): string {
  return `${name}.azurecr.io`;
}

/** Rules over several fields of one entry; checked even when single fields are wrong. */
function checkTogether(entry: { [field: string]: unknown }, place: string, fault: Fault, warn: Fault): void {
  const { regions, resourceId, observedOnly, regionalEndpoints = false, verify } = entry;
  if (regions === undefined && resourceId === undefined) {
    fault('REGISTRIES', `${place}: needs "regions" or "resourceId" to know its replicas (got neither)`);
  }
  if ((verify === 'confirm' || verify === 'deep') && regionalEndpoints === false) {
    const reason = 'needs "regionalEndpoints": without them no single replica can be asked';
    fault('REGISTRIES', `${place}.verify: ${reason} (got ${show(verify)})`);
  }
  if (!Array.isArray(regions) || regions.length === 0) return;
  const observed = Array.isArray(observedOnly) ? observedOnly.map(parseRegion) : [];
  const expected = regions.map(parseRegion).filter((one) => one === undefined || !observed.includes(one));
  if (expected.length === 0) {
    fault('REGISTRIES', `${place}.observedOnly: leaves no region to wait for (got ${show(observedOnly)})`);
  }
  if (typeof regionalEndpoints !== 'object' || regionalEndpoints === null) return;
  const endpoints = Object.keys(regionalEndpoints).map(parseRegion);
  const isReadable = !endpoints.includes(undefined) && !expected.includes(undefined);
  const mustConfirm = verify === 'confirm' || verify === 'deep';
  const gap = isReadable ? faultOfCoverage(endpoints, expected, mustConfirm) : undefined;
  if (gap === undefined) return;
  const report = gap.isOfAll ? fault : warn;
  report('REGISTRIES', `${place}.regionalEndpoints: ${gap.reason} (got ${show(Object.keys(regionalEndpoints))})`);
}

function toRegistry(entry: z.infer<typeof registryEntry>): Registry {
  const name = entry.name.toLowerCase();
  return {
    name,
    loginServer: (entry.loginServer ?? defaultLoginServer(name)).toLowerCase(),
    resourceId: entry.resourceId,
    regions: entry.regions,
    observedOnly: entry.observedOnly,
    regionalEndpoints:
      typeof entry.regionalEndpoints === 'boolean' ? entry.regionalEndpoints : toOrigins(entry.regionalEndpoints),
    verify: entry.verify,
    members: entry.members,
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
