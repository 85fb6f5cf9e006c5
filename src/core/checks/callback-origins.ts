/**
 * Where verdicts may be sent. The request names the address, and a token is sent with the verdict: an address that only
 * resembles the right one would receive a key to a pipeline.
 */

import type { FieldProblem, Parsed } from '../runtime/parsed.ts';
import { parsed, quote } from '../runtime/parsed.ts';
import { isProtected } from '../runtime/url-origin.ts';

/** One allowed origin; a label `*` matches exactly one label. */
interface OriginPattern {
  /** With its colon, as `URL` has it. */
  readonly protocol: string;
  readonly labels: readonly string[];
  /** Empty for the default port of the protocol. */
  readonly port: string;
}

export type CallbackOrigins = readonly OriginPattern[];

export const defaultCallbackOrigins = 'https://dev.azure.com,https://*.visualstudio.com,https://api.github.com';

/** Replaces `*` while `URL` parses the rest. */
const anyLabel = 'any-label-0';
/** This many labels at the end must be fixed: `*.com` would allow every domain. */
const minFixedLabels = 2;
const rule =
  'must be an https:// origin without a path, with "*" for one whole label left of a domain (http:// on loopback addresses only)';

/**
 * @param text comma-separated
 * @param show how a problem shows an invalid entry
 */
export function parseCallbackOrigins(
  text: string,
  field = 'CALLBACK_ORIGINS',
  show: (entry: string) => string = quote,
): Parsed<CallbackOrigins> {
  const problems: FieldProblem[] = [];
  const patterns: OriginPattern[] = [];
  for (const entry of text.split(',').map((one) => one.trim())) {
    const pattern = parsePattern(entry);
    if (pattern === undefined) problems.push({ field, reason: `${rule} (got ${show(entry)})` });
    else patterns.push(pattern);
  }
  return problems.length > 0 ? { ok: false, problems } : parsed(patterns);
}

function parsePattern(entry: string): OriginPattern | undefined {
  const [, , host] = /^(https?):\/\/([^\s/\\?#@]+)\/?$/i.exec(entry) ?? [];
  const concrete = entry.replaceAll('*', anyLabel);
  if (host === undefined || entry.includes('%') || !URL.canParse(concrete)) return undefined;
  const url = new URL(concrete);
  const labels = url.hostname.split('.').map((label) => (label === anyLabel ? '*' : label));
  const isWhole = labels.every((label) => label !== '' && !label.includes(anyLabel));
  const isOwned = !labels.slice(-minFixedLabels).includes('*') || !labels.includes('*');
  return isWhole && isOwned && isProtected(url) ? { protocol: url.protocol, labels, port: url.port } : undefined;
}

/**
 * A URL that a verdict may be sent to: its origin is allowed, and it has nothing that two parsers could read differently. Any
 * path is allowed. `undefined` for every other URL.
 */
export function parseCallbackUrl(text: string, origins: CallbackOrigins): URL | undefined {
  if (!/^https?:\/\/(?!\/)[\x21-\x7e]+$/i.test(text) || /[\\@?#]/.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return origins.some((pattern) => matches(pattern, url)) ? url : undefined;
}

function matches({ protocol, labels, port }: OriginPattern, url: URL): boolean {
  const given = url.hostname.split('.');
  return (
    url.protocol === protocol &&
    url.port === port &&
    given.length === labels.length &&
    given.every((label, i) => label !== '' && (labels[i] === '*' || labels[i] === label))
  );
}
