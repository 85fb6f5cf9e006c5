/**
 * `npm run screenshots:sizes [-- FOLDER]`: the live page with one, four, twelve and thirty regions, on a phone, a
 * laptop and a wide screen, in light and dark, and in each empty state. For review by the person who changes the page;
 * not committed. The images are sent to the real app through webhooks. Data that would need a registry, a failing topic
 * or other tools, such as families and deliveries, is put into the answers that the page gets.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Page, Route } from 'playwright-core';
import { chromium } from 'playwright-core';
import type { AppProcess } from '../src/local/simulator/app-process.ts';
import { startApp } from '../src/local/simulator/app-process.ts';

const root = new URL('..', import.meta.url);
const target = resolve(process.argv[2] ?? '.local/screenshots');
const secret = 'secret-of-the-screenshots';
const all = [
  ...['eastus', 'westeurope', 'australiaeast', 'southeastasia', 'eastus2', 'westus', 'westus2', 'westus3', 'centralus'],
  ...['canadacentral', 'brazilsouth', 'northeurope', 'uksouth', 'ukwest', 'francecentral', 'germanywestcentral'],
  ...['switzerlandnorth', 'norwayeast', 'swedencentral', 'italynorth', 'polandcentral', 'uaenorth', 'qatarcentral'],
  ...['southafricanorth', 'japaneast', 'japanwest', 'koreacentral', 'centralindia', 'southindia', 'northcentralus'],
];
const repositories = ['team/cart', 'team/shop', 'platform/base', 'team/search', 'data/ingest-worker-with-a-long-name'];
const looks = [
  { width: 390, colorScheme: 'light' },
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
  { width: 2560, colorScheme: 'light' },
] as const;
/** For the screens with most content. */
const moreLooks = [...looks, { width: 390, colorScheme: 'dark' }, { width: 2560, colorScheme: 'dark' }] as const;
/** Generous, for a machine that is busy with other work. */
const timeoutMs = 120_000;
const deadlineMs = 900_000;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
// Ends the process even if something hangs.
setTimeout(() => {
  console.error(`not done after ${deadlineMs / 60_000} minutes`);
  process.exit(1);
}, deadlineMs).unref();
await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
try {
  for (const [count, images] of [
    [1, 20],
    [4, 520],
    [12, 20],
    [30, 40],
  ] as const) {
    await withApp(all.slice(0, count), [], (app) => showFilled(app, all.slice(0, count), images));
  }
  await withApp(all.slice(0, 4), ['--enable-auth'], async (app) => {
    await captureAndClose(await open(app, ''), 'key', 'form:visible');
  });
  console.log(`See ${target}`);
} finally {
  await browser.close();
}

async function withApp(regions: readonly string[], flags: readonly string[], work: (app: AppProcess) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'acr-replication-screenshots-'));
  const main = new URL('bin/local/main.mjs', root).pathname;
  const app = await startApp({
    command: [main, '--data', folder, '--app', new URL('dist', root).pathname, ...flags],
    folder,
    settings: {
      PORT: '0',
      REGISTRIES: JSON.stringify([{ name: 'contoso', regions }]),
      WEBHOOK_SECRETS: secret,
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
      DELAYED_AFTER_SECONDS: '5',
    },
  });
  try {
    await work(app);
  } finally {
    await app.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function showFilled(app: AppProcess, regions: readonly string[], images: number): Promise<void> {
  const name = `${regions.length}-regions`;
  if (regions.length === 4) {
    await captureAndClose(await open(app, ''), 'empty', '#no-images-yet');
    const waiting = await open(app, '', { isHeld: true });
    await captureAndClose(waiting, 'loading', '#skeleton');
  }
  await fill(app, regions, images);
  const waiting = new AbortController();
  await makeRelease(app, Math.min(images, 40));
  wait(app, regions, waiting.signal);
  const family = `#image=contoso.azurecr.io/${repositoryOf(1)}@${digestOf(1)}`;
  const everywhere = { list: '', replicas: '#view=replicas', release: '#release=shop-2.4' };
  const views: Record<string, string> = [4, 30].includes(regions.length)
    ? {
        ...everywhere,
        moved: `#image=contoso.azurecr.io/${repositoryOf(3)}@${digestOf(3)}`,
        deleted: `#image=contoso.azurecr.io/${repositoryOf(5)}@${digestOf(5)}`,
        delayed: family,
        family,
        unpublished: '',
        releases: '#view=releases',
        waiting: '#view=waiting',
      }
    : everywhere;
  const page = await open(app, '');
  for (const [view, hash] of Object.entries(views)) {
    if (view === 'family') await addFamily(page, regions);
    if (view === 'unpublished')
      await page.route(
        '**/api/summary?**',
        add(() => ({ unpublished: 2 })),
      );
    for (const { width, colorScheme } of regions.length === 30 ? moreLooks : looks) {
      await page.setViewportSize({ width, height: heightOf(width) });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.goto('about:blank');
      await page.goto(`${app.url}/ui${hash}`);
      const isWhole = ['moved', 'deleted', 'delayed', 'family'].includes(view);
      await capture(page, `${name}-${view}-${width}-${colorScheme}`, 'section:not([hidden]) tbody tr', isWhole);
    }
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  }
  waiting.abort();
  if (regions.length === 4) {
    await showMany(app);
    await captureAndClose(await open(app, '#state=lost'), 'error', '#problem');
    await captureAndClose(await open(app, '#q=cart&sort=lag'), 'search', '#matrix tbody tr');
    await page.goto(`${app.url}/ui`);
    await page.locator('#matrix tbody tr').first().waitFor();
    await app.stop();
    await captureAndClose(page, 'offline', '#banner');
  }
}

/** As many images as the page lists. */
async function showMany(app: AppProcess): Promise<void> {
  for (const width of [390, 1280]) {
    const page = await open(app, '');
    await page.setViewportSize({ width, height: heightOf(width) });
    for (let rows = 100; rows < 500; rows += 100) {
      await page.locator(`#matrix tbody tr:nth-child(${rows})`).waitFor();
      await page.getByRole('button', { name: 'Older images' }).click();
    }
    await page.locator('#matrix tbody tr:nth-child(500)').waitFor();
    await page.locator('#only-newest').scrollIntoViewIfNeeded();
    await capture(page, `many-${width}`, '#matrix tbody tr');
    await page.context().close();
  }
}

async function open(app: AppProcess, hash: string, { isHeld = false } = {}): Promise<Page> {
  const viewport = { width: 1280, height: heightOf(1280) };
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce', timezoneId: 'UTC' });
  context.setDefaultTimeout(timeoutMs);
  const page = await context.newPage();
  if (isHeld) await page.route('**/api/**', () => undefined);
  await page.goto(`${app.url}/ui${hash}`);
  return page;
}

function heightOf(width: number): number {
  return width < 600 ? 844 : 900;
}

async function captureAndClose(page: Page, name: string, what: string): Promise<void> {
  await capture(page, name, what);
  await page.context().close();
}

/** Prints what overflows the window: a picture would not show it. */
async function capture(page: Page, name: string, what: string, isWhole = false): Promise<void> {
  await page.locator(what).filter({ visible: true }).first().waitFor();
  // Counts, events and lag charts arrive a moment after the rest.
  await page.waitForTimeout(700);
  const isTooWide = await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
  if (isTooWide) console.log(`${name}: wider than its window`);
  await page.screenshot({ path: join(target, `${name}.png`), fullPage: isWhole });
}

async function makeRelease(app: AppProcess, images: number): Promise<void> {
  const named = Array.from({ length: images }, (_, n) => `contoso.azurecr.io/${repositoryOf(n)}@${digestOf(n)}`);
  await send(app, '/api/releases/shop-2.4', 'PUT', {
    images: [...named, 'contoso.azurecr.io/team/not-pushed-yet:2.4'],
  });
  await send(app, '/api/releases/shop-2.3', 'PUT', { images: named.filter((_, n) => n > 5 && n < images - 2) });
}

/** Repeats waits, as clients do, until the pictures are taken. */
function wait(app: AppProcess, regions: readonly string[], signal: AbortSignal): void {
  const [delayed, unknown] = [`${repositoryOf(1)}@${digestOf(1)}`, 'team/not-pushed-yet:2.4'];
  const questions = [
    ...[{ image: delayed }, { image: unknown }, { image: unknown }, { image: unknown, require: 'any' }],
    { image: unknown, regions: regions.slice(0, 8).join(), artifacts: 'signature,sbom', platforms: 'linux/arm64' },
  ];
  for (const { image, ...required } of questions) {
    const query = new URLSearchParams({ ...required, image: `contoso.azurecr.io/${image}`, timeout: '200' });
    void waitOn(`${app.url}/api/wait?${query}`, signal);
  }
}

async function waitOn(url: string, signal: AbortSignal): Promise<void> {
  for (let isWaiting = true; isWaiting; ) {
    const answer = await fetch(url, { signal }).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    isWaiting = answer?.status === 202;
  }
}

function add(change: (answer: Record<string, unknown>) => object): (route: Route) => Promise<void> {
  return async (route) => {
    const response = await route.fetch();
    const answer = (await response.json()) as Record<string, unknown>;
    await route.fulfill({ response, json: { ...answer, ...change(answer) } });
  };
}

async function addFamily(page: Page, regions: readonly string[]): Promise<void> {
  await page.route(
    '**/api/availability?**',
    add(() => familyOf(regions)),
  );
  await page.route('**/api/events?**', add(deliveriesOf));
}

function familyOf(regions: readonly string[]) {
  const row = { platform: null, artifactType: null, missing: [] as readonly string[] };
  const missing = regions.filter((_, index) => index % 7 === 2);
  return {
    mediaType: 'application/vnd.oci.image.index.v1+json',
    membersKnown: true,
    members: [
      { ...row, kind: 'platform', digest: digestOf(101), platform: 'linux/amd64' },
      { ...row, kind: 'platform', digest: digestOf(102), platform: 'linux/arm64/v8', missing },
      { ...row, kind: 'attestation', digest: digestOf(103), missing },
      {
        ...row,
        kind: 'artifact',
        digest: digestOf(104),
        artifactType: 'application/vnd.dev.cosign.artifact.sig.v1+json',
      },
    ],
    artifacts: [{ kind: 'signature', known: true, missing }],
  };
}

/** The newest event is refused by the topic; each state of a forward and of a check appears once. */
function deliveriesOf({ events }: Record<string, unknown>) {
  const at = '2026-06-01T12:00:00.000Z';
  const refused = { count: 4, lastAt: at, lastError: 'throttled: Event Grid topic (503)' };
  const [first, ...rest] = events as readonly object[];
  const forward = { tag: 'stable', time: at, lastAt: at, attempts: 3, lastError: 'answered 503' };
  const check = {
    acceptedAt: at,
    deadlineAt: at,
    finishedAt: at,
    attempts: 1,
    images: [],
    release: null,
    lastError: null,
  };
  const verdict = { result: 'failed', comment: 'timed out after 60 min: missing in australiaeast' };
  return {
    events: [{ ...first, status: 'pending', publishedAt: null, failedAttempts: refused }, ...rest],
    topicError: refused.lastError,
    forwards: [
      { ...forward, id: '1', target: 'flux-production', state: 'sent', attempts: null, lastAt: null, lastError: null },
      { ...forward, id: '2', target: 'argo-cd-image-updater', state: 'retrying' },
      { ...forward, id: '3', target: 'kargo', state: 'givenUp', attempts: 31, lastError: 'not reached (ECONNREFUSED)' },
    ],
    checks: [
      { ...check, id: '1', kind: 'github', state: 'waiting', verdict: null, attempts: 0, finishedAt: null },
      {
        ...check,
        id: '2',
        kind: 'azurePipelines',
        state: 'sending',
        verdict,
        finishedAt: null,
        lastError: 'answered 503',
      },
      {
        ...check,
        id: '3',
        kind: 'github',
        state: 'delivered',
        verdict: { ...verdict, result: 'succeeded', comment: 'in 4 of 4 regions' },
      },
    ],
  };
}

/**
 * Image 1 stays missing in a region, 3 gets a tag that another region still resolves to an older digest, 5 is deleted;
 * the newest are replicating.
 */
async function fill(app: AppProcess, regions: readonly string[], images: number): Promise<void> {
  const isDelayed = (index: number) => index % 7 === 2 || (regions.length < 3 && index > 0);
  for (let n = 0; n < images; n++) {
    const isPartly = n === 1 || n === 3 || n >= images - 2;
    const reporting = regions.filter((_, index) => !(isPartly && isDelayed(index)));
    const tag = n === 2 || n === 3 ? 'stable' : `2.${n}.0`;
    await Promise.all(reporting.map((region) => report(app, region, 'push', n === 2 ? 3 : n, n, tag)));
    if (n === 5) await Promise.all(regions.map((region) => report(app, region, 'delete', n, n)));
  }
  // Wait until images are delayed and counted.
  await new Promise((done) => setTimeout(done, 6_000));
  await post(app, '/admin/functions/sweep', {});
  await new Promise((done) => setTimeout(done, 3_000));
}

function digestOf(n: number): string {
  return `sha256:${createHash('sha256').update(`image ${n}`).digest('hex')}`;
}

function repositoryOf(n: number): string {
  return repositories[n % repositories.length] ?? '';
}

/** @param of gives the repository's name for the number of an image */
function report(app: AppProcess, region: string, action: 'push' | 'delete', of: number, n: number, tag?: string) {
  return post(app, `/api/webhooks/contoso/${region}`, {
    id: `${n}-${region}-${action}`,
    timestamp: new Date().toISOString(),
    action,
    target: {
      mediaType: `application/vnd.oci.image.${n % 4 === 0 ? 'index' : 'manifest'}.v1+json`,
      digest: digestOf(n),
      repository: repositoryOf(of),
      ...(tag === undefined ? {} : { tag }),
    },
  });
}

function post(app: AppProcess, path: string, body: unknown): Promise<void> {
  return send(app, path, 'POST', body);
}

async function send(app: AppProcess, path: string, method: 'POST' | 'PUT', body: unknown): Promise<void> {
  const response = await fetch(`${app.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
}
