/**
 * `npm run screenshots`: the pictures of the live page in `docs/images/`. They show the real app with data sent through
 * its webhooks, so they can only show what the page really does.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { startApp } from '../src/local/simulator/app-process.ts';
import { startArmServer } from '../src/local/simulator/arm-server.ts';
import { createSimulator } from '../src/local/simulator/simulator.ts';
import { createVirtualScheduler } from '../src/local/simulator/virtual-scheduler.ts';
import {
  delayedAfterSeconds,
  digestOf,
  play,
  regions,
  reportProblems,
  secret,
  story,
  untilCounted,
} from './screenshot-story.ts';

const root = new URL('..', import.meta.url);

async function show(
  page: Page,
  url: string,
  view: string,
  colorScheme: 'light' | 'dark',
  width: number,
  height: number,
) {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.goto('about:blank');
  await page.goto(`${url}/ui${view}`);
  await page.locator('section:not([hidden]) tbody tr').first().waitFor();
}

const folder = await mkdtemp(join(tmpdir(), 'acr-replication-screenshots-'));
const images = new URL('docs/images/', root).pathname;
const publicUrl = 'https://tracker.example';
const scheduler = createVirtualScheduler();
const simulator = createSimulator({ registry: 'contoso', regions, seed: 1, scheduler, url: publicUrl, secret });
const arm = await startArmServer(simulator);
const app = await startApp({
  command: [new URL('bin/local/main.mjs', root).pathname, '--data', folder, '--app', new URL('dist', root).pathname],
  folder,
  settings: {
    PORT: '0',
    REGISTRIES: JSON.stringify([{ name: 'contoso', resourceId: arm.resourceId }]),
    WEBHOOK_SECRETS: secret,
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    ARM_ENDPOINT: new URL(arm.url).origin,
    PUBLIC_URL: publicUrl,
    DELAYED_AFTER_SECONDS: String(delayedAfterSeconds),
  },
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
try {
  await mkdir(images, { recursive: true });
  const page = await browser.newPage({ timezoneId: 'UTC' });
  await play(app.url);
  await untilCounted(app.url);
  const { url } = app;
  const ofImage = (index: number) => `#image=contoso.azurecr.io/${story[index]?.repository}@${digestOf(index)}`;
  await show(page, url, '', 'light', 1200, 770);
  await page.locator('#matrix tr.is-pinned').waitFor();
  await page.screenshot({ path: join(images, 'images-light.png') });
  await show(page, url, '', 'dark', 1200, 770);
  await page.screenshot({ path: join(images, 'images-dark.png') });
  await show(page, url, '', 'light', 360, 740);
  await page.screenshot({ path: join(images, 'phone.png') });
  await show(page, url, ofImage(story.length - 1), 'light', 1200, 674);
  await page.locator('#image-tags tbody tr', { hasText: 'diverged' }).waitFor();
  await page.screenshot({ path: join(images, 'image.png') });
  await reportProblems(url, simulator);
  await show(page, url, '#view=replicas', 'light', 1200, 530);
  await page.getByText('disabled', { exact: true }).waitFor();
  await page.screenshot({ path: join(images, 'replicas.png') });
} finally {
  await browser.close();
  await app.stop();
  await arm.stop();
  await rm(folder, { recursive: true, force: true });
}
