/**
 * Azure as far as a deployment needs it after the template: Resource Manager with a function app, references to a vault
 * and subscriptions of Event Grid, the app's health, and an `azd` that runs the hooks of `azure.yaml` in azd's order
 * with azd's environment (Azure/azure-dev: `provisioning/manager.go` on outputs, `ext/hooks_runner.go`). A test can
 * make each step fail, a number of times or until it is repaired.
 */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { Ran } from './run.ts';
import { run } from './run.ts';

const root = new URL('../../', import.meta.url);

/** The steps that can fail, in the order of `azd up`. */
export const steps = [
  'provision',
  'sign in',
  'token',
  'deploy',
  'function',
  'secrets',
  'health',
  'subscription of the topic',
  'subscription of the registry',
  'provisioning state',
] as const;
/** The status of references can stay unknown forever, and the deployment still succeeds. */
export type Step = (typeof steps)[number] | 'status of secrets';

const group = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-production/providers';
const appId = `${group}/Microsoft.Web/sites/func-tracker-abc`;

export interface DeploymentStandIn {
  /** As `azd up`: provisions, runs the hook, deploys, runs the hook. Ends at the first failure, as azd does. */
  up(): Promise<Ran>;
  /** As `azd provision`. */
  provision(): Promise<Ran>;
  /** @param times `Infinity`: until it is repaired with 0 */
  fail(step: Step, times: number): void;
  /** Names of registries that are tracked. */
  registries: string[];
  /** The resource group is deleted, and everything in it; not azd's environment, nor the topics of registries. */
  deleteGroup(): void;
  /** What Event Grid has, by id; each with how often it was put. */
  readonly subscriptions: ReadonlyMap<string, { readonly properties: object; readonly puts: number }>;
  close(): Promise<void>;
}

/**
 * @param way `npm`: hooks run as they are written; `node`: what npm would run, without the second that npm itself needs
 */
export async function startDeploymentStandIn(way: 'npm' | 'node' = 'node'): Promise<DeploymentStandIn> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-replication-deployment-'));
  const failures = new Map<Step, number>();
  const subscriptions = new Map<string, { properties: object; puts: number; state: string }>();
  let isProvisioned = false;
  let isDeployed = false;
  let hasResolved = false;
  /** What azd keeps in its `.env`. */
  const azdEnvironment: Record<string, string> = {};

  /** Whether this step fails now; one failure less is left. */
  const fails = (step: Step) => {
    const left = failures.get(step) ?? 0;
    if (left > 0) failures.set(step, left - 1);
    return left > 0;
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname, searchParams } = new URL(request.url ?? '', origin);
    const send = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const refuse = (status: number, code: string, message: string) => send(status, { error: { code, message } });
    if (pathname === '/api/health') {
      // With a reference that is not resolved the app answers with an error that names it.
      hasResolved ||= !failures.has('secrets');
      return send(fails('health') || !isDeployed || !hasResolved ? 503 : 200, {});
    }
    if (request.headers.authorization !== 'Bearer good' || searchParams.get('api-version') === null) {
      return refuse(401, 'InvalidAuthenticationToken', 'The access token is invalid.');
    }
    if (pathname.startsWith(group) && !isProvisioned) return refuse(404, 'ResourceGroupNotFound', 'No such group.');
    if (pathname === `${appId}/functions/registryEvents`) {
      if (!isDeployed || fails('function')) return refuse(404, 'NotFound', 'No such function.');
      return send(200, {});
    }
    if (pathname === `${appId}/config/configreferences/appsettings`) {
      if (fails('status of secrets')) return refuse(404, 'NotFound', 'No such configuration.');
      hasResolved ||= !failures.has('secrets');
      const status = hasResolved ? 'Resolved' : 'AccessToKeyVaultDenied';
      return send(200, { value: [{ name: 'WEBHOOK_SECRETS', properties: { status } }] });
    }
    if (pathname === `${appId}/config/configreferences/appsettings/refresh` && request.method === 'POST') {
      hasResolved = !fails('secrets');
      return send(200, {});
    }
    if (!/\/(topics|systemTopics)\/[^/]+\/eventSubscriptions\/[^/]+$/.test(pathname)) {
      return refuse(404, 'InvalidResourceType', pathname);
    }
    const found = subscriptions.get(pathname);
    if (request.method === 'GET') {
      if (found === undefined) return refuse(404, 'ResourceNotFound', pathname);
      if (found.state === 'Creating') found.state = fails('provisioning state') ? 'Failed' : 'Succeeded';
      return send(200, { properties: { ...found.properties, provisioningState: found.state } });
    }
    const isOwn = pathname.includes('/topics/');
    if (isOwn && fails('subscription of the topic')) {
      return refuse(403, 'Forbidden', 'The managed identity does not have permission on the destination.');
    }
    const { properties } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { properties: object };
    const destination = (properties as { destination?: { properties: { resourceId: string } } }).destination;
    if (!isOwn && (!isDeployed || fails('subscription of the registry'))) {
      const where = destination?.properties.resourceId;
      return refuse(
        400,
        'InvalidRequest',
        `Destination endpoint not found. Resource details: ${where}. Should pre-exist.`,
      );
    }
    subscriptions.set(pathname, { properties, puts: (found?.puts ?? 0) + 1, state: 'Creating' });
    return send(201, { properties: { ...properties, provisioningState: 'Creating' } });
  }

  // What the hook calls for a token, which must be for the tenant of the app; everything else of azd is below.
  const azd = join(folder, 'azd');
  const token = join(folder, 'token');
  const [, , subscriptionId] = appId.split('/');
  const knowsTenant = `[ "$AZURE_SUBSCRIPTION_ID" = '${subscriptionId}' ]`;
  await writeFile(
    azd,
    `#!/bin/sh\n${knowsTenant} && [ "$1 $2" = "auth token" ] && [ -s '${token}' ] && cat '${token}'\n`,
  );
  await chmod(azd, 0o755);
  await writeFile(join(folder, 'az'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });

  async function runHook(name: string): Promise<Ran> {
    const { hooks } = parse(await readFile(new URL('azure.yaml', root), 'utf8'));
    const { shell, run: script } = hooks[name].posix as { readonly shell: string; readonly run: string };
    const text = fails('sign in') ? '' : JSON.stringify({ token: fails('token') ? 'bad' : 'good' });
    await writeFile(token, text);
    // As written, but with shorter timeouts: very short where the step can never succeed, long enough for a busy
    // machine elsewhere.
    const timeoutSeconds = [...failures.values()].includes(Number.POSITIVE_INFINITY) ? 0.3 : 60;
    const withShortTimeouts = `${script}${script.includes(' -- ') ? '' : ' --'} --pause 0.02 --patience ${timeoutSeconds}`;
    const { scripts } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
    const direct = withShortTimeouts.replace(/^npm run --silent (\S+) --/, (_, name: string) => scripts[name]);
    const environment = { PATH: `${folder}:${process.env.PATH ?? ''}`, HOME: folder, ...azdEnvironment };
    return run(shell, ['-c', way === 'npm' ? withShortTimeouts : direct], fileURLToPath(root), environment);
  }

  const standIn: DeploymentStandIn = {
    registries: ['contoso'],
    subscriptions,
    fail: (step, times) => void (times === 0 ? failures.delete(step) : failures.set(step, times)),
    deleteGroup() {
      isProvisioned = false;
      isDeployed = false;
      hasResolved = false;
      for (const id of subscriptions.keys()) if (id.startsWith(group)) subscriptions.delete(id);
    },
    async provision() {
      if (fails('provision')) return { code: 1, out: '', err: 'RoleDefinitionDoesNotExist: try again' };
      isProvisioned = true;
      // The site restarts, and references are resolved again.
      hasResolved = false;
      Object.assign(azdEnvironment, outputs(origin, standIn.registries));
      return runHook('postprovision');
    },
    async up() {
      const provisioned = await standIn.provision();
      if (provisioned.code !== 0) return provisioned;
      if (fails('deploy')) return { code: 1, out: provisioned.out, err: 'deployment failed: 503' };
      isDeployed = true;
      const deployed = await runHook('postdeploy');
      return { ...deployed, out: provisioned.out + deployed.out, err: provisioned.err + deployed.err };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
  return standIn;
}

/** As `infra/main.bicep` puts them out, and azd into its environment: what is no text, as JSON. */
function outputs(origin: string, registries: readonly string[]): Record<string, string> {
  const topic = `${group}/Microsoft.EventGrid/topics/evgt-abc`;
  const images = group.replace('rg-production', 'images');
  const subscriptions = [
    { id: `${topic}/eventSubscriptions/delayed`, properties: { eventDeliverySchema: 'CloudEventSchemaV1_0' } },
    ...registries.map((name) => ({
      id: `${images}/Microsoft.EventGrid/systemTopics/evgst-${name}/eventSubscriptions/tracker-abc`,
      properties: { destination: { properties: { resourceId: `${appId}/functions/registryEvents` } } },
    })),
  ];
  return {
    TRACKER_APP_ID: appId,
    TRACKER_APP_URL: origin,
    TRACKER_RESOURCE_MANAGER: origin,
    TRACKER_EVENT_SUBSCRIPTIONS: JSON.stringify(subscriptions),
  };
}
