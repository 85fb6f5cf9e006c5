/**
 * `FORWARD_WEBHOOKS`: a JSON array of the targets of the registry's push webhooks, and when each is sent. Holds
 * secrets: never shown.
 */
import * as z from 'zod';
import type { ForwardTarget } from '../core/image/forward-entry.ts';
import { parseRegion, regionRule } from '../core/model/region.ts';
import type { Registry } from '../core/model/registry.ts';
import { findRegistryByName } from '../core/model/registry.ts';
import { isProtected } from '../core/runtime/url-origin.ts';
import { describeIssue } from '../core/runtime/validation.ts';
import { checkFields } from './fields.ts';
import type { Fault } from './values.ts';
import { conceal, parseJson, show, valueAt } from './values.ts';

const nameRule = 'must be 1 to 40 small letters, digits or hyphens';
const urlRule = 'must be an https:// address (http:// with "allowPrivate")';
const registryRule = 'must be the name of a registry in REGISTRIES';
const requireRule = 'must be "all", "any" or a number from 1';
const patterns = z.array(z.string().min(1).max(300), 'must be a list of names, with * for anything').min(1);
/** RFC 9110. Refuses characters that could end a header and begin another. */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerValue = /^[\t\x20-\x7e]*$/;

const entry = z.object(
  {
    name: z.string(nameRule).regex(/^[a-z0-9-]{1,40}$/, nameRule),
    url: z.string(urlRule).refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), urlRule),
    registry: z.string(registryRule).optional(),
    repositories: patterns.default(['*']),
    tags: patterns.default(['*']),
    regions: z
      .array(z.string(regionRule).refine((text) => parseRegion(text) !== undefined, regionRule))
      .min(1, 'must name at least one region')
      .optional(),
    require: z.union([z.enum(['all', 'any']), z.int().min(1, requireRule)], requireRule).default('all'),
    secret: z.string().min(8, 'must have at least 8 characters').optional(),
    headers: z
      .record(
        z.string().regex(headerName, 'must be a header name'),
        z.string().regex(headerValue, 'must be one line of plain characters'),
      )
      .default({}),
    allowPrivate: z.boolean('must be true or false').default(false),
  },
  'must be an object with a "name" and a "url"',
);

export function readForwards(
  text: string | undefined,
  registries: readonly Registry[],
  fault: Fault,
): readonly ForwardTarget[] {
  if (text === undefined) return [];
  const entries = parseJson(text);
  if (!Array.isArray(entries)) {
    const example = 'a JSON array such as [{"name":"flux","url":"https://flux.example/hook/…"}]';
    fault('FORWARD_WEBHOOKS', `must be ${example} (got ${conceal(text)})`);
    return [];
  }
  const targets = entries.flatMap((item: unknown, i) => {
    const refuse = (path: readonly PropertyKey[], reason: string) => {
      fault('FORWARD_WEBHOOKS', `${[i, ...path].join('.')}: ${reason} (got ${conceal(valueAt(item, path))})`);
    };
    checkFields('FORWARD_WEBHOOKS', i, item, Object.keys(entry.shape), fault);
    checkTogether({ ...Object(item) }, (field, reason) => refuse([field], reason), registries);
    const result = entry.safeParse(item, { error: describeIssue });
    if (result.success) return [toTarget(result.data, registries)];
    for (const { path, message } of result.error.issues) refuse(path, message);
    return [];
  });
  const names = entries.map((item: unknown) => (Object(item) as { name?: unknown }).name);
  names.forEach((name, i) => {
    if (typeof name === 'string' && names.indexOf(name) < i) {
      fault('FORWARD_WEBHOOKS', `${i}.name: two entries have it (got ${show(name)})`);
    }
  });
  return targets;
}

/** Rules over several fields of one entry; checked even when single fields are wrong. */
function checkTogether(
  { url: address, allowPrivate, registry, regions, require }: { readonly [field: string]: unknown },
  fault: (field: string, reason: string) => void,
  registries: readonly Registry[],
): void {
  const url = typeof address === 'string' && URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'http:' && !isProtected(url) && allowPrivate !== true) fault('url', urlRule);
  if (url !== undefined && `${url.username}${url.password}` !== '')
    fault('url', 'must hold no user name: use "headers"');
  if (typeof registry === 'string' && findRegistryByName(registries, registry) === undefined) {
    fault('registry', registryRule);
  }
  const count = Array.isArray(regions) ? new Set(regions.map((one) => parseRegion(one) ?? one)).size : 0;
  if (count > 0 && typeof require === 'number' && require > count) {
    fault('require', `can never be met by ${count} regions`);
  }
}

function toTarget(one: z.infer<typeof entry>, registries: readonly Registry[]): ForwardTarget {
  const registry = one.registry === undefined ? undefined : findRegistryByName(registries, one.registry);
  const regions = one.regions && [...new Set(one.regions.flatMap((text) => parseRegion(text) ?? []))];
  return { ...one, registry: registry?.name, regions, secret: one.secret };
}
