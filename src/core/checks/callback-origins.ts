/**
 * Where verdicts may be sent. The address comes from whoever asks, and a token goes with the verdict, so an address that
 * merely looks like the right one would be handed a key to somebody's pipeline.
 */

import type { FieldProblem, Parsed } from '../runtime/parsed.ts';
import { parsed, quote } from '../runtime/parsed.ts';
import { isProtected } from '../runtime/url-origin.ts';

/** One allowed origin; a label that is `*` stands for exactly one, whatever it is. */
interface OriginPattern {
  /** With its colon, as `URL` has it. */
  readonly protocol: string;
  readonly labels: readonly string[];
  /** Empty: the protocol's own. */
  readonly port: string;
}

export type CallbackOrigins = readonly OriginPattern[];

export const defaultCallbackOrigins = 'https://dev.azure.com,https://*.visualstudio.com,https://api.github.com';

/** Stands in for `*` while `URL` looks at the rest. */
const anyLabel = 'any-label-0';
/** Below these many labels names belong to nobody in particular: `*.com` is everybody. */
const leastFixedLabels = 2;
const rule =
  'must be an https:// origin without a path, with "*" for one whole label left of a domain (http:// on loopback addresses only)';

/**
 * @param text comma-separated
 * @param show how an entry that is none is shown
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
  const isOwned = !labels.slice(-leastFixedLabels).includes('*') || !labels.includes('*');
  return isWhole && isOwned && isProtected(url) ? { protocol: url.protocol, labels, port: url.port } : undefined;
}

/**
 * An address that a verdict may go to: allowed, and with nothing in it that two readers could understand differently.
 * Its path may be anything; `undefined` for every other address.
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
