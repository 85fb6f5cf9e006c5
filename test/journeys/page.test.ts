/** The live page in a real browser before the real app, while images replicate. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { App, PushInput } from '../support/app.ts';
import { deliver, loginServer, startInstance, until } from '../support/app.ts';
import { listen, openBrowser, violationsOn } from '../support/browser.ts';

const regions = ['eastus', 'southeastasia', 'westeurope'];
const digestOf = (n: number) => `sha256:${n.toString(16).padStart(8, '0').padEnd(64, 'a')}`;
const push = (number: number, region: string, more: Partial<PushInput> = {}) =>
  deliver([app.url], { digest: digestOf(number), region, ...more });
const addressOf = (number: number, repository = 'team/app') => `image=${loginServer}/${repository}@${digestOf(number)}`;

/** Generous: the machine may be busy. The tests wait for conditions, and never sleep. */
const patienceMs = 15_000;

let app: App;
let browser: Browser;
let key: string;
let page: Page;
let complaints: readonly string[];

beforeAll(async () => {
  app = await startInstance({ flags: ['--enable-auth'] });
  key = JSON.parse(await readFile(join(app.data, 'keys.json'), 'utf8')).function;
  browser = await openBrowser();
  page = await newPage();
  complaints = listen(page, app.url);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await app?.stop();
}, 60_000);

async function newPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(patienceMs);
  return context.newPage();
}

/** A row of the matrix, by any of its texts. */
const row = (text: string, on = page) => on.locator('#matrix tbody tr', { hasText: text });
const focused = (on = page) => on.evaluate<string>('document.activeElement?.textContent?.trim() ?? ""');
const isTooWide = (on = page) =>
  on.evaluate<boolean>('document.documentElement.scrollWidth > document.documentElement.clientWidth');

async function signIn(on: Page): Promise<void> {
  await on.getByLabel('Function key').fill(key);
  await on.keyboard.press('Enter');
}

async function open(view: string, on = page): Promise<void> {
  await on.goto(`${app.url}/ui#${view}`);
  await on.locator('#connection.is-live').waitFor();
}

describe('the key', () => {
  test('is requested, and requested again when it is wrong', async () => {
    await page.goto(`${app.url}/ui`);
    const field = page.getByLabel('Function key');
    await field.waitFor();
    await until(
      () => page.evaluate<string>('document.activeElement.id'),
      (id) => id === 'key',
      patienceMs,
    );
    await field.fill('not-the-key');
    await page.keyboard.press('Enter');
    await page.getByText('does not take this key').waitFor();
    expect(await page.locator('#screens').isVisible()).toBe(false);
  });

  test('opens the page, and is in no address and no other tab', async () => {
    const addresses: string[] = [];
    page.on('request', (request) => addresses.push(request.url()));
    await signIn(page);
    await page.getByText('No image yet').waitFor();
    expect(page.url()).not.toContain(key);
    expect(addresses.length).toBeGreaterThan(0);
    expect(addresses.filter((address) => address.includes(key))).toEqual([]);
    expect(await page.evaluate('localStorage.length + document.cookie.length')).toBe(0);
    const other = await page.context().newPage();
    await other.goto(`${app.url}/ui`);
    await other.getByLabel('Function key').waitFor();
    await other.close();
  });
});

describe('the matrix', () => {
  test('fills without a reload', async () => {
    await page.evaluate('window.isSamePage = true');
    await push(1, 'eastus', { tag: 'v1' });
    await row('v1').locator('.pill.is-replicating').waitFor();
    expect(await row('v1').locator('td.region').allInnerTexts()).toEqual([
      expect.stringMatching(/first/),
      expect.stringMatching(/missing for/),
      expect.stringMatching(/missing for/),
    ]);
    expect(await page.title()).toMatch(/^1 replicating · contoso/);
    await push(1, 'westeurope', { tag: 'v1' });
    await row('v1').getByText('2 of 3').waitFor();
    await push(1, 'southeastasia', { tag: 'v1' });
    await row('v1').locator('.pill.is-available').waitFor();
    expect(await row('v1').locator('td.region.is-available').count()).toBe(3);
    expect(await page.evaluate('window.isSamePage')).toBe(true);
    // A screen reader gets the change.
    await until(
      () => page.locator('#spoken-changes').innerText(),
      (spoken) => /1 image now available/.test(spoken),
      patienceMs,
    );
  });

  test('is a table with a caption and headers, newest image first', async () => {
    await push(2, 'eastus', { tag: 'v2' });
    await push(3, 'westeurope', { repository: 'team/web', tag: 'v3' });
    await push(4, 'eastus', { repository: 'team/web' });
    await push(4, 'eastus', { repository: 'team/web', action: 'delete' });
    await row('team/web').nth(1).waitFor();
    await row('deleted').waitFor();
    const table = page.getByRole('table', { name: /Images, and since when/ });
    expect(await table.getByRole('columnheader').allInnerTexts()).toEqual(['Image', 'State', ...regions, 'First seen']);
    expect(await table.getByRole('rowheader').getByRole('link').allInnerTexts()).toEqual([
      'team/web',
      'team/web',
      'team/app',
      'team/app',
    ]);
  });

  test('is narrowed by state, repository and region, and Back undoes it', async () => {
    const rows = page.locator('#matrix tbody tr');
    const counts = async (count: number) =>
      until(
        () => rows.count(),
        (found) => found === count,
        patienceMs,
      );
    await page.getByLabel('State', { exact: true }).selectOption('available');
    await counts(1);
    expect(page.url()).toContain('#registry=contoso&state=available');
    await page.goBack();
    await counts(4);
    await page.getByLabel('Search').fill('team/web');
    await counts(2);
    await page.getByLabel('Missing in').selectOption('eastus');
    await counts(1);
    expect(await rows.innerText()).toContain('v3');
    await page.reload();
    await counts(1);
    expect(await page.getByLabel('Search').inputValue()).toBe('team/web');
    await page.getByRole('button', { name: 'Clear' }).click();
    await counts(4);
    await page.getByLabel('Search').fill('WEB');
    await counts(2);
    await page.getByRole('button', { name: 'Clear' }).click();
    await counts(4);
  });
});

describe('an image', () => {
  test('has its times, its evidence and the published events, and follows', async () => {
    await open(addressOf(2));
    const eastus = page.locator('#image-regions tr', { hasText: 'eastus' });
    expect(await eastus.innerText()).toMatch(/available\s+first/);
    expect(await eastus.innerText()).toContain('webhook');
    await push(2, 'westeurope', { tag: 'v2' });
    const westeurope = page.locator('#image-regions tr', { hasText: 'westeurope' });
    await westeurope.getByText('available').waitFor();
    expect(await westeurope.locator('.lag').innerText()).toMatch(/^\+\d/);
    const publishedRow = page.locator('#image-events tr', { hasText: 'eastus' });
    await publishedRow.getByText('Accepted by the topic').waitFor();
    expect(await publishedRow.innerText()).toContain('available in a region');
  });

  test('shows where its tags point', async () => {
    await push(5, 'westeurope', { tag: 'v2' });
    await open(addressOf(5));
    const tag = page.locator('#image-tags tr', { hasText: 'v2' });
    await tag.getByText('converging').waitFor();
    await tag.getByText('this image').waitFor();
    await tag.getByRole('link', { name: 'sha256:00000002…' }).click();
    await page.locator('#image-reference', { hasText: digestOf(2) }).waitFor();
    await page.goBack();
    await page.locator('#image-reference', { hasText: digestOf(5) }).waitFor();
  });

  test('is found by any part of its name', async () => {
    await open('');
    await page.getByLabel('Search').fill('team/app:v1');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'team/app:v1' }).waitFor();
    await page.getByText('available in all replicas').waitFor();
    await page.locator('#image-tags').getByText('converged').waitFor();
  });

  test('that no region has reported is shown as such', async () => {
    await open(addressOf(999));
    await page.getByText('as soon as a webhook reports it').waitFor();
  });
});

test('the replicas lead to what is missing in each', async () => {
  await open('');
  await page.getByRole('link', { name: 'Replicas' }).click();
  const replica = page.locator('#replica-table tr', { hasText: 'southeastasia' });
  await replica.waitFor();
  expect(await page.locator('#replica-table tbody tr').count()).toBe(3);
  await page.getByText('3 expected regions, from the settings').waitFor();
  await replica.getByRole('link', { name: '3 images missing in southeastasia' }).click();
  await until(
    () => page.locator('#matrix tbody tr').count(),
    (count) => count === 3,
    patienceMs,
  );
  expect(await page.getByLabel('Missing in', { exact: true }).inputValue()).toBe('southeastasia');
});

test('everything can be reached without a mouse', async () => {
  await open('');
  await page.reload();
  await row('v1').waitFor();
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Skip to the content');
  const passed: string[] = [];
  for (let steps = 0; steps < 20 && !passed.includes('team/web'); steps++) {
    await page.keyboard.press('Tab');
    passed.push((await focused()) || (await page.evaluate<string>('document.activeElement.id')));
    const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle');
    expect([passed.at(-1), outline]).not.toEqual([passed.at(-1), 'none']);
  }
  expect(passed).toEqual(expect.arrayContaining(['Images', 'Replicas', 'Forget key', 'filter-search', 'team/web']));
  await page.keyboard.press('End');
  expect(await focused()).toBe('team/app');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  const href = await page.evaluate<string>('document.activeElement.getAttribute("href")');
  await page.keyboard.press('Enter');
  await page.locator('#image-details').waitFor();
  expect(await page.evaluate('document.activeElement.id')).toBe('image-title');
  await page.keyboard.press('Escape');
  await page.locator('#images').waitFor();
  expect(await page.evaluate('document.activeElement.getAttribute("href")')).toBe(href);
});

test('a phone shows it all without scrolling sideways', async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const view of ['', addressOf(5), 'view=replicas']) {
    await open(view);
    await page.locator('section:not([hidden]) tbody tr').first().waitFor();
    expect([view, await isTooWide()]).toEqual([view, false]);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('axe finds nothing, in light and in dark, wide and narrow', async () => {
  const checked = await newPage({ bypassCSP: true });
  await checked.goto(`${app.url}/ui`);
  await checked.getByLabel('Function key').waitFor();
  expect(await violationsOn(checked)).toEqual([]);
  await signIn(checked);
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 1280],
    ['dark', 360],
  ] as const) {
    await checked.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await checked.setViewportSize({ width, height: 800 });
    for (const view of ['', addressOf(5), 'view=replicas']) {
      await open(view, checked);
      await checked.locator('section:not([hidden]) tbody tr').first().waitFor();
      expect([colorScheme, width, view, await violationsOn(checked)]).toEqual([colorScheme, width, view, []]);
    }
  }
  await checked.context().close();
}, 60_000);

test('follows the colours of the system', async () => {
  await open('');
  const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await ground();
  await page.emulateMedia({ colorScheme: 'dark' });
  expect([light, await ground()]).toEqual(['rgb(244, 246, 248)', 'rgb(14, 19, 25)']);
});

test('an outage keeps what is known on the screen, and ends by itself', async () => {
  await open('');
  await row('v1').waitFor();
  app.kill();
  await page.getByRole('alert').getByText('The tracker cannot be reached').waitFor();
  expect(await row('v1').isVisible()).toBe(true);
  expect(await page.title()).toMatch(/^Unreachable · /);
  await page.getByRole('button', { name: 'Try now' }).click();
  const { data } = app;
  app = await startInstance({ flags: ['--enable-auth'], data, port: Number(new URL(app.url).port) });
  // The longest pause between two automatic tries.
  await page.locator('#connection.is-live').waitFor({ timeout: 30_000 });
  await page.locator('#banner').waitFor({ state: 'hidden' });
  await push(6, 'eastus', { tag: 'v6' });
  await row('v6').waitFor();
}, 60_000);

test('when the key is removed, so is what the page has shown', async () => {
  await row('v1').getByRole('link').first().click();
  await page.locator('#image-tags tbody tr').first().waitFor();
  await page.getByRole('link', { name: 'Images', exact: true }).first().click();
  await row('v1').waitFor();
  await page.getByRole('button', { name: 'Forget key' }).click();
  await page.getByLabel('Function key').waitFor();
  expect(await page.locator('tbody tr').allInnerTexts()).toEqual([]);
  expect(await page.locator('main').textContent()).not.toMatch(/team\/|sha256:[0-9a-f]{8}/);
  expect(await page.evaluate('sessionStorage.length')).toBe(0);
});

test('in all tests above no script failed, no policy was violated, no other host was called', () => {
  expect(complaints).toEqual([]);
});
