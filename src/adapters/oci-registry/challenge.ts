/**
 * Parses the `WWW-Authenticate` header, in which a replica names its token endpoint. The app sends its identity token
 * there, so a forged header could direct that token to an attacker. The header is therefore parsed strictly, and
 * refused unless it names the replica's own origin and the one repository that was requested.
 * Grammar: RFC 9110, 11.3. Parameters: distribution's token specification.
 */

import type { Repository } from '../../core/model/reference.ts';
import { isProtected } from '../../core/runtime/url-origin.ts';

export interface Challenge {
  /** The token endpoint; same origin as the replica. */
  readonly realm: URL;
  readonly service: string;
  readonly scope: string;
}

export interface Refusal {
  /** The reason, for logs; quotes nothing of the header. */
  readonly refused: string;
}

const maxHeader = 4_096;
const token = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
const parameter = new RegExp(`[\\s,]*(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))\\s*(?=,|$)`, 'y');
const schemeName = new RegExp(`[\\s,]*(${token})(?:\\s+|(?=,)|$)`, 'y');
/** What reading needs. A challenge that suggests more is refused. */
const harmlessActions = new Set(['pull', 'metadata_read']);

/** @param origin of the replica that sent the header */
export function readChallenge(header: string | null, origin: string, repository: Repository): Challenge | Refusal {
  if (header === null) return { refused: '401 without a challenge' };
  if (header.length > maxHeader) return { refused: 'oversized challenge' };
  const challenges = parseChallenges(header);
  if (challenges === undefined) return { refused: 'malformed challenge' };
  // Two headers of that name arrive joined by a comma, as two challenges.
  const bearers = challenges.filter(({ scheme }) => scheme === 'bearer');
  const [bearer] = bearers;
  if (bearer === undefined) return { refused: 'the replica does not offer bearer tokens' };
  if (bearers.length > 1) return { refused: 'more than one bearer challenge' };

  const [realm, service, scope] = ['realm', 'service', 'scope'].map((name) => bearer.parameters.get(name));
  if (!realm || !service || !scope) return { refused: 'challenge without realm, service or scope' };
  if (!URL.canParse(realm)) return { refused: 'malformed realm' };
  const url = new URL(realm);
  if (url.origin !== origin || url.username !== '' || url.password !== '')
    return { refused: 'realm on another origin' };
  if (!isProtected(url)) return { refused: 'realm without https' };
  if (!isOurScope(scope, repository)) return { refused: 'scope for something else' };
  return { realm: url, service, scope };
}

function isOurScope(scope: string, repository: Repository): boolean {
  const prefix = `repository:${repository}:`;
  const actions = scope.slice(prefix.length).split(',');
  return scope.startsWith(prefix) && actions.includes('pull') && actions.every((one) => harmlessActions.has(one));
}

interface Parsed {
  readonly scheme: string;
  readonly parameters: Map<string, string>;
}

/** @returns `undefined` where the header breaks the grammar or repeats a parameter */
function parseChallenges(header: string): Parsed[] | undefined {
  const challenges: Parsed[] = [];
  for (let at = 0; at < header.length; ) {
    parameter.lastIndex = at;
    schemeName.lastIndex = at;
    const found = parameter.exec(header);
    if (found !== null) {
      const name = found[1]?.toLowerCase() ?? '';
      const parameters = challenges.at(-1)?.parameters;
      if (parameters === undefined || parameters.has(name)) return undefined;
      parameters.set(name, found[3] ?? found[2]?.replaceAll(/\\(.)/g, '$1') ?? '');
      at = parameter.lastIndex;
      continue;
    }
    const scheme = schemeName.exec(header)?.[1];
    if (scheme === undefined) return undefined;
    challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
    at = schemeName.lastIndex;
  }
  return challenges;
}
