/**
 * The proxy for the tracker, from the variables that most tools read. Node uses it; this file translates between what
 * Node and other tools expect of the variables.
 */
import type { Parsed } from '../core/runtime/parsed.ts';
import { parsed, problem, quote } from '../core/runtime/parsed.ts';
import type { Environment } from './environment.ts';

/** For the options of Node's `Agent`. */
export interface Proxies {
  readonly HTTP_PROXY?: string;
  readonly HTTPS_PROXY?: string;
  readonly NO_PROXY?: string;
}

/** @param isSupported whether this Node supports proxies: from 22.21 and 24.5 */
export function parseProxies(environment: Environment, isSupported = canUseProxies()): Parsed<Proxies> {
  const read = (name: string) => (environment[name.toLowerCase()]?.trim() || environment[name]?.trim()) ?? '';
  const found: { HTTP_PROXY?: string; HTTPS_PROXY?: string; NO_PROXY?: string } = {};
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY'] as const) {
    const text = read(name);
    if (text === '') continue;
    const address = text.includes('://') ? text : `http://${text}`;
    if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
      return problem(name, `must be an http:// or https:// address (got ${quote(text.replace(/^.*@/s, '…@'))})`);
    }
    found[name] = address;
  }
  if (found.HTTP_PROXY === undefined && found.HTTPS_PROXY === undefined) return parsed({});
  if (!isSupported) return problem('HTTPS_PROXY', `needs Node 22.21, 24.5 or later (got ${process.version})`);
  return parsed({ ...found, NO_PROXY: exceptions(read('NO_PROXY')) });
}

/** For curl and GitHub's runner a name includes its subdomains; for Node it is one host. */
function exceptions(text: string): string {
  const names = text.split(/[\s,]+/).filter((name) => name !== '');
  return names.flatMap((name) => (/^[a-z]/i.test(name) ? [name, `.${name}`] : [name])).join(',');
}

function canUseProxies(): boolean {
  return process.allowedNodeEnvironmentFlags.has('--use-env-proxy');
}
