/** Probes of the registry: only a clear answer shows that an image is there, or that it is absent. */
import type { Fault } from '../fault.ts';
import { faultsIn } from '../fault.ts';

const probe = 'test/adapters/oci-registry.test.ts';
const deep = 'test/adapters/oci-registry-deep.test.ts';
const token = 'test/adapters/oci-registry-token.test.ts';
const challenge = 'test/adapters/oci-registry-challenge.test.ts';
const all = [probe, deep, token, challenge];

export const registryFaults: readonly Fault[] = [
  ...faultsIn(
    'src/adapters/oci-registry/fetch-manifest.ts',
    [probe, deep],
    [
      ['any refusal means absent', 'if (reply.status === 404) return', 'if (reply.status >= 400) return'],
      [
        'an outage means absent',
        'if (reply.status === 404) return',
        'if (reply.status === 404 || reply.status >= 500) return',
      ],
      [
        'another digest counts',
        "if (asked !== undefined && asked !== digest) return unclearImage('200 with another digest');",
        '',
      ],
      ['a manifest need not match its digest', " && `sha256:${hash('sha256', form)}` === named.digest)", ')'],

      ['a 200 without a digest counts', "if (digest === undefined) return unclear('200 without a usable digest');", ''],
      ['any status is a manifest', "if (reply.status !== 200) return unclearStatus(reply, 'manifest', clock);", ''],
    ],
  ),
  ...faultsIn(
    'src/core/runtime/retry-after.ts',
    [...all, 'test/adapters/arm-replicas.test.ts'],
    [['a pause has no bound', 'Math.min(Math.max(milliseconds, 0), maxMs)', 'Math.max(milliseconds, 0)']],
  ),
  ...faultsIn('src/adapters/oci-registry/http.ts', all, [
    ['a redirect is followed', "redirect: 'manual'", "redirect: 'follow'"],
    ['a body of any size is read', "if (size > maxBytes) return 'tooLarge';", ''],
    ['no connection is an answer', '      return unclear(describeFailure(error));', '      throw error;'],
    [
      'a requested pause is ignored',
      'return unclear(`${reply.status} for the ${what}`, asked);',
      'void asked;\n  return unclear(`${reply.status} for the ${what}`);',
    ],
    ['the clock of the replica is not read', 'return at >= 0 ? at : undefined;', 'return undefined;'],
    ['compressed bodies are asked for', "'accept-encoding': 'identity', ", ''],
    ['a replica that hangs is waited for without end', 'signal: AbortSignal.timeout(options.timeoutMs),', ''],
  ]),
  ...faultsIn(
    'src/adapters/oci-registry/deep.ts',
    [deep],
    [
      [
        'a child that is absent is no matter',
        "if (manifest.kind === 'absent') return 'broken';",
        "if (manifest.kind === 'absent') return [];",
      ],
      [
        'a blob that is absent is no matter',
        "return found.kind === 'absent' ? 'broken' : found;",
        "return found.kind === 'absent' ? [] : found;",
      ],

      ['a blob with an unclear answer is there', "unclearStatus(reply, 'blob', clock)", '[]'],
      ['only the first level is read', 'level = below;', "return 'whole';"],
      [
        'what is unclear hides what is missing',
        "if (found === 'broken') decided = found;",
        "if (found === 'broken') decided ??= found;",
      ],
      [
        'a child with an unclear answer is complete',
        "if (manifest.kind === 'unclear') return { ...manifest, reason: `${manifest.reason}, of a child` };",
        "if (manifest.kind === 'unclear') return [];",
      ],
      ['looking takes as long as it takes', 'if (clock.now() > giveUpAt)', 'if (clock.now() < 0)'],
      ['more parts than any image has are read', 'if (seen.size > maxParts)', 'if (seen.size < 0)'],
      ['nesting has no end', "return unclearImage('an index nested too deeply');", "return 'whole';"],
    ],
  ),
  ...faultsIn(
    'src/adapters/oci-registry/manifest.ts',
    [deep],
    [
      [
        'a manifest may call itself something else',
        'if (manifest.mediaType !== undefined && manifest.mediaType !== mediaType) {',
        'if (manifest.mediaType === null) {',
      ],

      [
        'a part that is not understood is skipped',
        "if (part === undefined) return { reason: 'a manifest with a part not understood' };",
        'if (part === undefined) continue;',
      ],
      [
        'the config is not read',
        'collect([manifest.config, ...manifest.layers], toBlob)',
        'collect(manifest.layers, toBlob)',
      ],
      [
        'a layer with an external URL is read',
        "if (isElsewhere && Array.isArray(urls) && urls.length > 0) return 'skip';",
        '',
      ],
      ['a layer that calls itself foreign is skipped', ' && Array.isArray(urls) && urls.length > 0', ' && urls !== 0'],
    ],
  ),
  ...faultsIn(
    'src/adapters/oci-registry/manifest-probe.ts',
    [probe, deep],
    [
      ['a broken image is complete', "isWhole: below === 'whole'", 'isWhole: true'],
      ['a manifest alone is complete', "kind: 'present', isWhole: false", "kind: 'present', isWhole: true"],
      ['a deep probe reads only the manifest', "if (depth === 'manifest') {", 'if (depth) {'],
    ],
  ),
  ...faultsIn('src/adapters/oci-registry/replica.ts', all, [
    [
      'a second 401 is answered again',
      "return typeof fresh === 'string' ? request(fresh) : fresh;",
      "if (typeof fresh !== 'string') return fresh;\n      const second = await request(fresh);\n      return second.kind !== 'unclear' && second.status === 401 ? request(fresh) : second;",
    ],
    ['no token is ever sent', '...(token === undefined ? {} : { authorization: `Bearer ${token}` }),', ''],
  ]),
  ...faultsIn(
    'src/adapters/oci-registry/challenge.ts',
    [challenge, token],
    [
      [
        'the identity goes to another origin',
        "if (url.origin !== origin || url.username !== '' || url.password !== '')",
        "if (url.username !== '' || url.password !== '')",
      ],
      ['the identity goes over plain http', "if (!isProtected(url)) return { refused: 'realm without https' };", ''],
      [
        'a token for another repository is asked for',
        "if (!isOurScope(scope, repository)) return { refused: 'scope for something else' };",
        '',
      ],
      ['a token that may write is asked for', 'actions.every((one) => harmlessActions.has(one))', 'true'],
      [
        'one of two challenges is accepted',
        "if (bearers.length > 1) return { refused: 'more than one bearer challenge' };",
        '',
      ],
      [
        'a parameter that is given twice is accepted',
        'parameters === undefined || parameters.has(name)',
        'parameters === undefined',
      ],
      [
        'a challenge of any length is read',
        "if (header.length > maxHeader) return { refused: 'oversized challenge' };",
        '',
      ],
    ],
  ),
  ...faultsIn(
    'src/adapters/oci-registry/expiring.ts',
    [token],
    [
      ['a token is used until its very end', 'endsAt - marginMs', 'endsAt'],
      ['a refused token is used again', 'known !== undefined && known !== refused', 'known !== undefined'],
      ['a burst makes a token each', 'if (running !== undefined) return running;', ''],
      ['tokens are kept without end', 'clock.now() < found.until', 'clock.now() > 0'],
    ],
  ),
  ...faultsIn(
    'src/adapters/oci-registry/token.ts',
    [token],
    [
      [
        'a refresh token that was revoked is kept',
        'if (isTurnedAway && refreshToken === kept) {',
        'if (isTurnedAway && refreshToken === undefined) {',
      ],
      ['a refusal is a token', 'if (reply.status !== 200) return unclearStatus(reply, what, clock);', ''],
      ['the tenant is not named', "if (options.tenant !== undefined) form.set('tenant', options.tenant);", ''],
      ['any text is a token', "typeof token === 'string' && tokenPattern.test(token)", "typeof token === 'string'"],
      [
        'a token of one replica is shown to another',
        'const key = `${challenge.realm.origin} ${challenge.service}`;',
        'const key = challenge.service;',
      ],
      [
        'a token of one repository is used for another',
        'held: (origin, repository) => accessTokens.held(`${origin} ${repository}`)',
        'held: (origin) => accessTokens.held(origin)',
      ],
    ],
  ),
];
