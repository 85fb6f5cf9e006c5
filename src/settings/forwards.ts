/** `FORWARD_WEBHOOKS`: a JSON array of who gets the registry's push webhooks, and when. Holds secrets: never shown. */
import * as z from 'zod';
import type { ForwardTarget } from '../core/forwarding/forward.ts';
import { isProtected } from '../core/origin.ts';
import { describeIssue } from '../core/read-as.ts';
import { parseRegion, regionRule } from '../core/region.ts';
import type { Registry } from '../core/registry.ts';
import { findRegistryByName } from '../core/registry.ts';
import type { Fault } from './values.ts';
import { parseJson } from './values.ts';

const nameRule = 'must be 1 to 40 small letters, digits or hyphens';
const urlRule = 'must be an https:// address (http:// with "allowPrivate")';
const requireRule = 'must be "all", "any" or a number from 1';
const patterns = z.array(z.string().min(1).max(300), 'must be a list of names, with * for anything').min(1);
/** RFC 9110; what could end a header and begin another is refused. */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerValue = /^[\t\x20-\x7e]*$/;

const entry = z.object(
  {
    name: z.string(nameRule).regex(/^[a-z0-9-]{1,40}$/, nameRule),
    url: z.string(urlRule).refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), urlRule),
    registry: z.string('must be the name of a registry in REGISTRIES').optional(),
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
  const example = 'a JSON array such as [{"name":"flux","url":"https://flux.example/hook/…"}]';
  const result = z
    .array(entry, `must be ${example} (not shown, it may hold secrets)`)
    .safeParse(parseJson(text), { error: describeIssue });
  if (!result.success) {
    for (const { path, message } of result.error.issues) {
      fault('FORWARD_WEBHOOKS', path.length === 0 ? message : `${path.join('.')}: ${message}`);
    }
    return [];
  }
  const targets = result.data.map((one, i) =>
    toTarget(one, (field, reason) => fault('FORWARD_WEBHOOKS', `${i}.${field}: ${reason}`), registries),
  );
  const names = targets.map(({ name }) => name);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) fault('FORWARD_WEBHOOKS', `two entries have the name "${repeated}"`);
  return targets;
}

/** What the fields mean together. */
function toTarget(
  one: z.infer<typeof entry>,
  fault: (field: string, reason: string) => void,
  registries: readonly Registry[],
): ForwardTarget {
  const url = new URL(one.url);
  if (!isProtected(url) && !one.allowPrivate) fault('url', urlRule);
  if (url.username !== '' || url.password !== '') fault('url', 'must hold no user name: use "headers"');
  const registry = one.registry === undefined ? undefined : findRegistryByName(registries, one.registry);
  if (one.registry !== undefined && registry === undefined)
    fault('registry', 'must be the name of a registry in REGISTRIES');
  const regions = one.regions?.flatMap((text) => parseRegion(text) ?? []);
  if (typeof one.require === 'number' && regions !== undefined && one.require > regions.length) {
    fault('require', `can never be met by ${regions.length} regions`);
  }
  return { ...one, registry: registry?.name, regions, secret: one.secret };
}
