/**
 * The part of a deployment that a template cannot do, because it has to wait. Waits until the app answers, which proves
 * that it has its secrets, and then creates the Event Grid subscriptions listed in the template's outputs. On creation,
 * Event Grid looks the function up and uses a role that was assigned a moment ago; both take minutes to become visible.
 * Each step is therefore retried until it succeeds or its time is up, and all steps can be repeated: no state is kept.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Arm, ArmAnswer } from './arm.ts';
import { armAt, describeFault, readToken } from './arm.ts';

const USAGE = `Usage: npm run deploy:finish -- [--if-deployed] [--patience SECONDS] [--pause SECONDS]

  --if-deployed  say so, and stop, where the app has never been deployed
  --patience     how long each step is tried (default: 600)
  --pause        between two tries (default: 10)

Reads what azd has put into its environment: TRACKER_APP_ID, TRACKER_APP_URL, TRACKER_EVENT_SUBSCRIPTIONS and
TRACKER_RESOURCE_MANAGER, outputs of infra/main.bicep. Signed in is who is signed in with azd, else with the Azure CLI.
`;

const functionName = 'registryEvents';
const versions = { web: '2024-11-01', eventGrid: '2025-02-15' };

interface Deployment {
  readonly arm: Arm;
  /** Resource id of the app. */
  readonly appId: string;
  readonly appUrl: string;
  readonly subscriptions: readonly Subscription[];
}

/** A subscription from the template's outputs: its id and properties. */
interface Subscription {
  readonly id: string;
  readonly properties: object;
}

/** The result of one attempt. */
type Attempt = { readonly done: true } | { readonly done: false; readonly reason: string };
const done: Attempt = { done: true };
const notYet = (reason: string): Attempt => ({ done: false, reason });

/** An error that a retry cannot fix. */
class Refusal extends Error {}

const { values } = parseArgs({
  options: {
    'if-deployed': { type: 'boolean', default: false },
    patience: { type: 'string', default: '600' },
    pause: { type: 'string', default: '10' },
    help: { type: 'boolean', default: false },
  },
});

try {
  if (values.help) process.stdout.write(USAGE);
  else await finish();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  const after = values['if-deployed'] ? '; if the app was never deployed: azd deploy' : '';
  console.error(
    `Everything before this step is done. To go on: azd hooks run postdeploy, or npm run deploy:finish${after}.`,
  );
  process.exitCode = 1;
}

async function finish(): Promise<void> {
  const deployment = await readDeployment();
  const { arm, appId, subscriptions } = deployment;
  if (values['if-deployed'] && !(await isDeployed(arm, appId))) {
    console.log('The app is not deployed yet: Event Grid is pointed at it after its first deployment ("azd deploy").');
    return;
  }
  await retry(`the function ${functionName} is there`, () => findFunction(arm, appId));
  await retry('the app answers', () => askApp(deployment));
  for (const subscription of subscriptions) {
    const [name] = subscription.id.split('/').slice(-1);
    const [topic] = subscription.id.split('/').slice(-3);
    await retry(`${topic} delivers to ${name}`, () => subscribe(arm, subscription));
  }
}

async function readDeployment(): Promise<Deployment> {
  const read = (name: string) => {
    const text = process.env[name];
    if (text === undefined || text === '') throw new Error(`${name} is not set: provision first ("azd provision")`);
    return text;
  };
  const origin = read('TRACKER_RESOURCE_MANAGER');
  const appId = read('TRACKER_APP_ID');
  const subscriptions = JSON.parse(read('TRACKER_EVENT_SUBSCRIPTIONS')) as Subscription[];
  const [, , subscriptionId = ''] = appId.split('/');
  const arm = armAt(origin, await readToken(origin, subscriptionId));
  return { arm, appId, appUrl: read('TRACKER_APP_URL'), subscriptions };
}

/** @throws Error when the time is up, or a retry cannot help */
async function retry(what: string, attempt: () => Promise<Attempt>): Promise<void> {
  const deadline = performance.now() + Number(values.patience) * 1000;
  let printed: string | undefined;
  for (;;) {
    const tried = await attempt().catch((error: Error) => {
      if (error instanceof Refusal) throw new Error(`not so: ${what} (${error.message})`);
      return notYet(error.message);
    });
    if (tried.done) break;
    if (tried.reason !== printed) console.log(`waiting until ${what} (${tried.reason})`);
    printed = tried.reason;
    if (performance.now() > deadline) throw new Error(`not so after ${values.patience} s: ${what} (${printed})`);
    await pause(Number(values.pause) * 1000);
  }
  console.log(`${what}: yes`);
}

/** Answers of ARM that a retry cannot change. */
function refuseBadToken(answer: ArmAnswer): void {
  if (answer.status === 401) throw new Refusal(`${describeFault(answer)}; sign in again`);
}

/** Only a clear 404 means that it is not deployed. */
async function isDeployed(arm: Arm, appId: string): Promise<boolean> {
  let is = false;
  await retry('Resource Manager tells whether the app is deployed', async () => {
    const found = await findFunction(arm, appId);
    is = found.done;
    return found.done || found.reason.startsWith('404 ') ? done : found;
  });
  return is;
}

/** ARM lists the functions that the deployed app has reported. */
async function findFunction(arm: Arm, appId: string): Promise<Attempt> {
  const answer = await arm.ask('GET', `${appId}/functions/${functionName}?api-version=${versions.web}`);
  refuseBadToken(answer);
  return answer.status === 200 ? done : notYet(describeFault(answer));
}

/**
 * An app that answers has its secrets: with an unresolved reference it answers 503. The platform's status of the
 * references is read only where the app does not answer well, since some plans report no status although all is well
 * (Azure/Azure-Functions#2248).
 */
async function askApp({ arm, appId, appUrl }: Deployment): Promise<Attempt> {
  const health = await askHealth(appUrl);
  if (health === 200) return done;
  const secrets = await resolveSecrets(arm, appId);
  // With `restrictsCallers` the platform answers 403 to callers that are not listed.
  if (health === 403) return secrets;
  return notYet(`GET /api/health: ${health}${secrets.done ? '' : `; references to the vault: ${secrets.reason}`}`);
}

/**
 * The platform retries a reference that could not be resolved, because the role is new, within a day, or at once on
 * request: App Service, "Use Key Vault references".
 */
async function resolveSecrets(arm: Arm, appId: string): Promise<Attempt> {
  const path = `${appId}/config/configreferences/appsettings`;
  const answer = await arm.ask('GET', `${path}?api-version=${versions.web}`);
  refuseBadToken(answer);
  if (answer.status !== 200) return notYet(describeFault(answer));
  const references = (answer.body.value ?? []) as readonly {
    readonly name?: string;
    readonly properties?: { readonly status?: string };
  }[];
  const open = references.filter(({ properties }) => properties?.status !== 'Resolved');
  if (open.length === 0) return done;
  await arm.ask('POST', `${path}/refresh?api-version=${versions.web}`);
  return notYet(open.map(({ name, properties }) => `${name}: ${properties?.status}`).join(', '));
}

/** @returns the status, or why there was none */
async function askHealth(appUrl: string): Promise<number | string> {
  try {
    const { status } = await fetch(`${appUrl}/api/health`, { signal: AbortSignal.timeout(30_000) });
    return status;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Creates the subscription and waits for the outcome: Event Grid accepts the request first and validates it afterwards.
 */
async function subscribe(arm: Arm, { id, properties }: Subscription): Promise<Attempt> {
  const path = `${id}?api-version=${versions.eventGrid}`;
  const put = await arm.ask('PUT', path, { properties });
  refuseBadToken(put);
  if (put.status >= 300) return notYet(describeFault(put));
  let state = stateOf(put);
  for (let polls = 0; isUnderWay(state) && polls < 60; polls++) {
    await pause(Math.min(Number(values.pause), 2) * 1000);
    state = stateOf(await arm.ask('GET', path));
  }
  return state === 'Succeeded' ? done : notYet(`provisioning state: ${state}`);
}

function stateOf({ status, body }: ArmAnswer): string {
  const { provisioningState } = Object(body.properties) as { provisioningState?: unknown };
  return typeof provisioningState === 'string' ? provisioningState : `none, status ${status}`;
}

function isUnderWay(state: string): boolean {
  return ['Creating', 'Updating'].includes(state);
}
