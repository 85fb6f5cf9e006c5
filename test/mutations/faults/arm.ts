/** ARM's answers about replicas and webhooks. */
import type { Fault } from '../fault.ts';
import { faultsIn } from '../fault.ts';

const replicas = ['test/adapters/arm-replicas.test.ts'];
const webhooks = ['test/adapters/arm-webhooks.test.ts'];
const both = [...replicas, ...webhooks];

export const armFaults: readonly Fault[] = [
  ...faultsIn('src/adapters/arm/replica-directory.ts', replicas, [
    [
      'any failure is a replica that is not there',
      '    if (isNotFound(error)) return undefined;\n    throw error;',
      '    void isNotFound(error);\n    return undefined;',
    ],
    ['a replica that is not there is a failure', '    if (isNotFound(error)) return undefined;\n', ''],
    [
      'a list without an end is read on',
      'if (replicas.length > maxReplicas) throw malformedAnswer(`more than ${maxReplicas} replicas`);',
      '',
    ],
    [
      'a replica without a region is left out',
      "if (region === undefined) throw malformedAnswer('a replica without a region');",
      'if (region === undefined) return { ...({} as Replica) };',
    ],
    [
      'a replica without a name is accepted',
      "if (typeof state.name !== 'string' || state.name === '') throw malformedAnswer('a replica without a name');",
      "if (typeof state.name !== 'string') return toReplica(state);",
    ],
    [
      'a replica that is not routed to seems routed to',
      'globalRouting: regionEndpointEnabled !== false',
      'globalRouting: true',
    ],
    [
      'a replica that is being filled seems full',
      "seeding: provisioning === 'creating' || display === 'syncing'",
      "seeding: provisioning === 'creating'",
    ],
    [
      'a replica that is being made seems full',
      "seeding: provisioning === 'creating' || display === 'syncing'",
      "seeding: display === 'syncing'",
    ],
    ['every replica is healthy', 'health: healthOf(display, provisioning)', "health: healthOf('ready', provisioning)"],
    ['a replica in a temporary state is unhealthy', "? 'unknown' : 'unhealthy';", "? 'unhealthy' : 'unhealthy';"],

    [
      'a registry that is only observed is waited for',
      "if ([home, ...replicas].every(isObserved)) throw malformedAnswer('no replica that could be waited for');",
      '',
    ],
    ['the home region is left out', 'return { home, replicas };', 'return { home: replicas[0] ?? home, replicas };'],
  ]),
  ...faultsIn('src/adapters/arm/client.ts', both, [
    [
      'a token goes wherever ARM points',
      "if (host !== hostname && !host.endsWith(`.${hostname}`)) throw malformedAnswer('it named an address outside ARM');",
      '',
    ],
    [
      'a failure that may pass is not tried again',
      'if (!mayPass || pauseMs === undefined) throw problem;',
      'throw problem;',
    ],
    [
      'what cannot pass is tried again',
      "const mayPass = problem.code === 'unavailable' && !(error instanceof UpstreamError) && !abortSignal.aborted;",
      'const mayPass = true;',
    ],
    [
      'calls are tried without end',
      'if (!mayPass || pauseMs === undefined) throw problem;\n        await clock.sleep(pauseMs);',
      'if (!mayPass) throw problem;\n        await clock.sleep(pauseMs ?? 0);',
    ],
    ['an error status is left to the SDK', 'if (response.status >= 400) throw refusalBy(response);', ''],
    [
      'each call makes a client',
      'clients.set(subscription, client);',
      '',
      'a client more or less is only slower: each reads the same answers',
    ],
  ]),
  ...faultsIn('src/adapters/arm/upstream-error.ts', both, [
    ['refused access is an outage', 'if (status === 401 || status === 403)', 'if (status === 401)'],
    ['a limit is an outage', "if (status === 429) return new UpstreamError('throttled', message, asked);", ''],
    [
      'a requested pause is ignored',
      'const asked = wait === undefined ? {} : { retryAfterMs: wait };',
      'const asked = {};',
    ],
    ['a 404 is an outage', 'if (status === 404 && plainWord(code) !== undefined) {', 'if (status === 404.5) {'],

    [
      'any refusal is a 404',
      'return statusCode === 404 && notFoundCodes.has(code);',
      'return (statusCode ?? 0) >= 400 || notFoundCodes.has(code);',
    ],
    [
      'a 404 from something other than ARM proves a deletion',
      'return statusCode === 404 && notFoundCodes.has(code);',
      'return statusCode === 404;',
    ],

    [
      'an identity without a token is an outage',
      'if (/Authentication|Credential/.test(String(name))) {',
      'if (/^never$/.test(String(name))) {',
    ],
    [
      'a code may hold anything',
      "typeof code === 'string' && /^\\w{1,60}$/.test(code) ? code : undefined",
      "typeof code === 'string' ? code : undefined",
    ],
  ]),
  ...faultsIn('src/adapters/arm/webhook-directory.ts', webhooks, [
    [
      'a webhook that is disabled seems enabled',
      "enabled: String(status).toLowerCase() === 'enabled'",
      'enabled: true',
    ],
    [
      'a webhook is made without its secret',
      'customHeaders: { Authorization: `Bearer ${secret}` },',
      'customHeaders: {},',
    ],
    ['a webhook is created that reports only pushes', "actions: ['push', 'delete'],", "actions: ['push'],"],
    [
      'a webhook of another region is changed',
      'if (parseRegion(there.location) !== region) {',
      "if (parseRegion(there.location) === ('' as never)) {",
    ],
    [
      'a webhook that cannot be read is created again',
      '          if (isNotFound(error)) return undefined;\n          throw error;',
      '          void isNotFound(error);\n          return undefined;',
    ],
    ['a webhook is made in no region', '{ ...wanted, location: region }', "{ ...wanted, location: '' }"],
    ['a change is not waited for', 'await client.webhooks.update(', 'void client.webhooks.update('],
    ['a webhook keeps its filter', "          scope: '',\n", ''],
    ['a disabled webhook stays disabled', "          status: 'enabled',\n", ''],
  ]),
  ...faultsIn('src/adapters/arm/deliveries.ts', webhooks, [
    ['one entry that makes no sense costs the others', 'if (raw === undefined) throw error;', 'throw error;'],
    [
      'a log that could not be read is empty',
      "if (!Array.isArray(value)) throw malformedAnswer('a log without entries');",
      'if (!Array.isArray(value)) return [];',
    ],
    [
      'bodies that arrive as text are dropped',
      "typeof content === 'string' ? parseJson(content) : (content ?? undefined)",
      "typeof content === 'string' ? undefined : (content ?? undefined)",
    ],
    [
      'a status that is none is kept',
      'Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined',
      'status',
    ],
  ]),
];
