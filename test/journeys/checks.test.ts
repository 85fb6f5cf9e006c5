/**
 * Deployment checks of the running app, against stand-ins that check the contracts of Azure Pipelines and GitHub to the
 * byte: over restarts and crashes, and over outages of the other side.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AzuriteProcess } from '../../src/local/azurite.ts';
import { startAzurite } from '../../src/local/azurite.ts';
import type { App } from '../support/app.ts';
import { deliver, loginServer, startInstance, until } from '../support/app.ts';
import type { AzureDevOps, Plan } from '../support/azure-devops-stand-in.ts';
import { startAzureDevOps } from '../support/azure-devops-stand-in.ts';
import type { Delivery, Github } from '../support/github-stand-in.ts';
import { startGithub } from '../support/github-stand-in.ts';
import { tableTexts } from '../support/table-texts.ts';

const regions = ['eastus', 'westeurope'];
/** A timer that fires half a minute after the crash, on a busy machine. */
const afterCrashMs = 90_000;
const digestOf = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`;
const imageOf = (n: number) => `${loginServer}/team/app@${digestOf(n)}`;

let azurite: AzuriteProcess;
let devOps: AzureDevOps;
let github: Github;
let app: App;

const start = () =>
  startInstance({
    storage: azurite.connectionString,
    regions,
    settings: {
      CALLBACK_ORIGINS: `${devOps.origin},${github.origin}`,
      CALLBACK_KEY: Buffer.alloc(32, 5).toString('base64'),
      GITHUB_WEBHOOK_SECRET: github.webhookSecret,
      GITHUB_APP_ID: github.appId,
      GITHUB_APP_PRIVATE_KEY: github.privateKey,
      GITHUB_IMAGE_TEMPLATE: `${loginServer}/{owner}/{repo}:{sha}`,
      CALLBACK_KEYS: 'a-mistyped-secret-of-the-tests',
    },
  });

beforeAll(async () => {
  [azurite, devOps, github] = await Promise.all([startAzurite(), startAzureDevOps(), startGithub()]);
  app = await start();
}, 60_000);

afterAll(async () => {
  await app?.stop();
  await Promise.all([devOps?.stop(), github?.stop()]);
  await azurite?.stop();
}, 60_000);

beforeEach(() => {
  devOps.misbehave = () => undefined;
  github.misbehave = () => undefined;
});

async function post(path: string, headers: Readonly<Record<string, string>>, body: string) {
  const answer = await fetch(`${app.url}/api/checks/${path}`, { method: 'POST', headers, body });
  return { status: answer.status, body: await answer.text() };
}

async function askPipelines(body: object, changes?: Partial<Plan>) {
  const { plan, headers } = devOps.wait(changes);
  const answer = await post('azure-pipelines', headers, JSON.stringify(body));
  return { plan, headers, answer };
}

const deliverGithub = ({ headers, body }: Delivery) => post('github', headers, body);
const push = (n: number, region: string, tag?: string) =>
  deliver([app.url], { digest: digestOf(n), region, ...(tag === undefined ? {} : { tag }) });
const everywhere = async (n: number) => {
  for (const region of regions) await push(n, region);
};
const resultOf = (plan: Plan, timeoutMs = 20_000) =>
  until(
    () => devOps.results(plan),
    (results) => results.length > 0,
    timeoutMs,
  );
const reviewOf = (run: number, timeoutMs = 20_000) =>
  until(
    () => github.reviews(run),
    (reviews) => reviews.length > 0,
    timeoutMs,
  );

test('a setting with nearly the name of a known one is warned of once, without its value', () => {
  const lines = app.lastLines().split('\n');
  expect(lines.filter((line) => line.includes('CALLBACK_KEYS'))).toEqual([
    expect.stringContaining('CALLBACK_KEYS: is not read; the nearest setting is CALLBACK_KEY'),
  ]);
  expect(lines.join('\n')).not.toContain('a-mistyped-secret');
});

/**
 * What lasts half a minute or more is started first and read last: meanwhile the other tests run, and restart the app.
 */
const slow: { never: Plan[]; crashed: { plan: Plan; run: number } | undefined } = { never: [], crashed: undefined };

test('checks of what can never become true: timeout, deleted, superseded', async () => {
  await everywhere(2);
  for (const region of regions) await deliver([app.url], { digest: digestOf(2), region, action: 'delete' });
  for (const n of [3, 4]) for (const region of regions) await push(n, region, 'moving');
  const asked = await Promise.all([
    askPipelines({ image: imageOf(90), timeout: 1 }),
    askPipelines({ image: imageOf(2) }),
    askPipelines({ image: `${loginServer}/team/app:moving@${digestOf(3)}` }),
  ]);
  slow.never = asked.map(({ plan }) => plan);
});

test('a crash between acceptance and verdict', async () => {
  await push(6, 'eastus');
  const { plan } = await askPipelines({ image: imageOf(6) });
  const delivery = github.request({ payload: JSON.stringify({ image: imageOf(6) }) });
  expect(await deliverGithub(delivery)).toMatchObject({ status: 202 });
  app.kill();
  await app.stop();
  app = await start();
  await push(6, 'westeurope');
  slow.crashed = { plan, run: delivery.run };
}, 60_000);

test('a check waits for the last region, reports its progress, and succeeds once', async () => {
  await push(1, 'eastus');
  const { plan, headers, answer } = await askPipelines({ image: imageOf(1), timeout: 600 });
  expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('"accepted"') });
  // Sent again, it is the same check.
  expect(await post('azure-pipelines', headers, JSON.stringify({ image: imageOf(1) }))).toEqual(answer);
  await until(
    () => devOps.lines(plan),
    (lines) => lines.length > 0,
    20_000,
  );
  expect(devOps.results(plan)).toEqual([]);
  await push(1, 'westeurope');
  expect(await resultOf(plan)).toEqual(['succeeded']);
  expect(devOps.lines(plan).join('\n')).toMatch(/1 of 2[\s\S]*2 of 2/);
}, 60_000);

test('checks of several images wait for the last of them', async () => {
  await everywhere(8);
  const images = [imageOf(8), imageOf(9)];
  const { plan, answer } = await askPipelines({ images, timeout: 600 });
  expect(answer).toMatchObject({ status: 200 });
  const delivery = github.request({ payload: { images } });
  expect(await deliverGithub(delivery)).toMatchObject({ status: 202 });
  await until(
    () => devOps.lines(plan),
    (lines) => lines.length > 0,
    20_000,
  );
  expect([devOps.results(plan), github.reviews(delivery.run)]).toEqual([[], []]);
  await everywhere(9);
  expect(await resultOf(plan)).toEqual(['succeeded']);
  expect(devOps.lines(plan).join('\n')).toMatch(/1 of 2 images[\s\S]*2 of 2 images/);
  expect(await reviewOf(delivery.run)).toMatchObject([{ state: 'approved' }]);
}, 60_000);

test('a restart between acceptance and verdict', async () => {
  await push(5, 'eastus');
  const { plan } = await askPipelines({ image: imageOf(5) });
  const delivery = github.request({ payload: { image: imageOf(5) } });
  expect(await deliverGithub(delivery)).toMatchObject({ status: 202 });
  await app.stop();
  app = await start();
  await push(5, 'westeurope');
  expect(await resultOf(plan, afterCrashMs)).toEqual(['succeeded']);
  expect(await reviewOf(delivery.run, afterCrashMs)).toMatchObject([{ state: 'approved' }]);
}, 240_000);

test('the other side answers 500, 422, 429 and nothing at all for a while', async () => {
  const tooMuch = { status: 429, headers: { 'retry-after': '1' } };
  const trouble = [{ status: 500 }, { status: 422 }, tooMuch, 'hangUp'] as const;
  for (const service of [devOps, github]) {
    let calls = 0;
    service.misbehave = () => trouble[calls++];
  }
  await everywhere(7);
  const { plan } = await askPipelines({ image: imageOf(7) });
  const delivery = github.request({ payload: { image: imageOf(7) } });
  await deliverGithub(delivery);
  expect(await resultOf(plan, afterCrashMs)).toEqual(['succeeded']);
  expect(await reviewOf(delivery.run, afterCrashMs)).toMatchObject([{ state: 'approved' }]);
}, 240_000);

test('GitHub: the image by its template, notes while waiting, and a delivery that comes again', async () => {
  const delivery = github.request();
  expect(await deliverGithub(delivery)).toMatchObject({ status: 202 });
  expect(await deliverGithub(delivery)).toMatchObject({ status: 202 });
  const push = (region: string) =>
    deliver([app.url], {
      digest: digestOf(8),
      region,
      repository: 'contoso/app',
      tag: 'd6fde92930d4715a2b49857d24b940956b26d2d3',
    });
  await push('eastus');
  await until(
    () => github.notes(delivery.run).join('\n'),
    (notes) => notes.includes('1 of 2'),
    20_000,
  );
  await push('westeurope');
  const [review, ...more] = await reviewOf(delivery.run);
  expect(review).toMatchObject({ state: 'approved', comment: expect.stringContaining(digestOf(8)) });
  expect(more).toEqual([]);
  expect(github.notes(delivery.run).length).toBeLessThanOrEqual(10);
}, 60_000);

test('GitHub: an invalid check is rejected with the reason', async () => {
  const delivery = github.request({ payload: { image: 'unknown.example/app:v1' } });
  expect(await deliverGithub(delivery)).toMatchObject({ status: 202 });
  expect(await reviewOf(delivery.run)).toMatchObject([
    { state: 'rejected', comment: expect.stringContaining('unknown.example') },
  ]);
}, 60_000);

test('refusals', async () => {
  const { headers } = devOps.wait();
  const body = JSON.stringify({ image: imageOf(1) });
  for (const name of Object.keys(headers).filter((one) => one !== 'content-type')) {
    const { [name]: _left, ...others } = headers;
    expect(await post('azure-pipelines', others, body)).toMatchObject({
      status: 400,
      body: expect.stringContaining(name),
    });
  }
  const elsewhere = { ...headers, PlanUrl: 'https://dev.azure.com.evil.example/contoso/' };
  expect(await post('azure-pipelines', elsewhere, body)).toMatchObject({ status: 400 });
  const unknown = JSON.stringify({ image: 'unknown.azurecr.io/app:v1' });
  expect(await post('azure-pipelines', headers, unknown)).toMatchObject({ status: 404 });
  const delivery = github.request({ payload: { image: imageOf(1) } });
  const forged = { ...delivery, body: delivery.body.replace('production', 'productioN') };
  expect(await deliverGithub(forged)).toMatchObject({ status: 401 });
});

test('the checks of what can never become true have failed', async () => {
  // What was just deleted or moved may come back: it is final after half a minute.
  for (const plan of slow.never) expect(await resultOf(plan, afterCrashMs)).toEqual(['failed']);
  expect(slow.never).toHaveLength(3);
}, 120_000);

test('what was accepted before the crash has its verdicts', async () => {
  const { plan, run } = slow.crashed ?? expect.fail('nothing was asked');
  expect(await resultOf(plan, afterCrashMs)).toEqual(['succeeded']);
  expect(await reviewOf(run, afterCrashMs)).toMatchObject([{ state: 'approved' }]);
}, 240_000);

test('nothing was sent that the contracts do not describe, and no secret was kept or revealed', async () => {
  expect([...devOps.breaches, ...github.breaches]).toEqual([]);
  const secrets = [github.webhookSecret, ...github.tokens, 'azure-devops-token-', 'PRIVATE KEY'];
  const { plan } = await askPipelines({ image: imageOf(91), timeout: 60 });
  const stored = await tableTexts(azurite.connectionString, 'ReplicationChecks');
  expect(stored.length).toBeGreaterThan(0);
  expect(stored.join('\n')).toContain(imageOf(91));
  for (const text of [...secrets, plan.token]) {
    expect(stored.join('\n')).not.toContain(text);
    expect(app.lastLines()).not.toContain(text);
  }
});
