/**
 * The live page in a real browser before a tracker that says anything: names no parser would let through, lists longer
 * than people read, and answers that change while somebody is in the middle of something.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/app.ts';
import { listen, openBrowser } from '../support/browser.ts';
import type { StandInTracker } from '../support/page.ts';
import { listedImage, listedRegistries, startStandInTracker } from '../support/page.ts';

const patienceMs = 15_000;

let browser: Browser;
let tracker: StandInTracker;
let page: Page;
let complaints: string[];
let answers: Record<string, (query: URLSearchParams) => unknown>;

beforeAll(async () => {
  browser = await openBrowser();
}, 60_000);

afterAll(() => browser?.close());

beforeEach(async () => {
  answers = { registries: () => listedRegistries };
  tracker = await startStandInTracker((route, query) => answers[route]?.(query) ?? 404);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(patienceMs);
  page = await context.newPage();
  complaints = listen(page, tracker.url);
});

afterEach(async () => {
  await page.context().close();
  await tracker.stop();
  expect(complaints).toEqual([]);
});

const rows = () => page.locator('#matrix tbody tr');

function showImages(images: () => readonly unknown[]): void {
  answers.images = (query) => {
    const all = images();
    const limit = Number(query.get('limit'));
    return { images: all.slice(0, limit), next: all.length > limit ? 'more' : null };
  };
}

describe('a name is nothing but a name', () => {
  const hostile = [
    '<img src=x onerror=alert(1)>',
    '<script>alert(1)</script>',
    '"><svg onload=alert(1)>',
    '\u202egnp.exe\u202d',
    'javascript:alert(1)',
    '{{constructor.constructor("alert(1)")()}}',
    `long/${'x'.repeat(5_000)}`,
    '__proto__',
  ];

  test.each(hostile.map((name) => [name.slice(0, 40), name]))('%s', async (_title, name) => {
    const region = { region: name, required: true, expected: true, globalRouting: true, state: name, evidence: [name] };
    const image = listedImage(1, {
      image: name,
      repository: name,
      digest: name,
      mediaType: name,
      tags: [name],
      regions: [{ ...region, since: null, eventTime: null, lagSeconds: null }],
      tag: { name, state: name, regions: [{ region: name, digest: name, since: name }] },
    });
    const event = { id: name, type: name, subject: name, time: name, region: name, status: name, generation: 1 };
    const report = { region: name, expected: true, health: name, provisioningState: name, missingImages: 1 };
    answers = {
      registries: () => ({ registries: [{ name, loginServer: name }, ...listedRegistries.registries] }),
      images: () => ({ images: [image], next: null }),
      availability: () => image,
      events: () => ({ events: [{ ...event, publishedAt: null }] }),
      replicas: () => ({
        source: name,
        refreshedAt: name,
        stale: true,
        regions: [
          {
            ...report,
            lastWebhookAt: name,
            webhook: { status: name, reason: name, checkedAt: name },
            lag: { p50Seconds: 1, p95Seconds: 2, count: 3 },
          },
        ],
        likelyCauses: [{ title: name, trackingId: name, regions: [name], since: null }],
      }),
    };
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 740 });
      for (const view of ['', '#image=contoso.azurecr.io/x:y', '#view=replicas']) {
        await page.goto('about:blank');
        await page.goto(`${tracker.url}/ui${view}`);
        await page.locator('section:not([hidden]) tbody tr').first().waitFor();
        const scroll = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect([width, view, scroll]).toEqual([width, view, expect.any(Number)]);
        expect(scroll).toBeLessThanOrEqual(0);
        expect(await page.locator('main img, main script, main [onerror], main [onload]').count()).toBe(0);
        expect(await page.evaluate('/[\\u202a-\\u202e\\u2066-\\u2069]/.test(document.body.innerText)')).toBe(false);
      }
    }
  });
});

describe('five hundred images', () => {
  const images = Array.from({ length: 520 }, (_, index) => listedImage(520 - index));

  test('come a hundred at a time, and the newest alone are asked for each time', async () => {
    showImages(() => images);
    await page.goto(`${tracker.url}/ui`);
    for (const count of [100, 200, 300, 400]) {
      await rows()
        .nth(count - 1)
        .waitFor();
      await page.getByRole('button', { name: 'Older images' }).click();
    }
    await rows().nth(499).waitFor();
    await page.getByText('These are the newest').waitFor();
    expect(await rows().count()).toBe(500);
    expect(await page.getByRole('button', { name: 'Older images' }).isVisible()).toBe(false);
    const asked = tracker.asked.length;
    await until(
      () => tracker.asked.length,
      (length) => length >= asked + 2,
      patienceMs,
    );
    expect(tracker.asked.at(-1)).toContain('limit=100');
  });

  test('do not keep the page from answering', async () => {
    showImages(() => images.slice(0, 500));
    await page.goto(`${tracker.url}/ui`);
    await rows().nth(99).waitFor();
    for (let more = 0; more < 4; more++) await page.getByRole('button', { name: 'Older images' }).click();
    await rows().nth(499).waitFor();
    const longest = await page.evaluate<number>(`new Promise((resolve) => {
      let last = performance.now(), worst = 0;
      const timer = setInterval(() => {
        worst = Math.max(worst, performance.now() - last);
        last = performance.now();
      }, 10);
      setTimeout(() => { clearInterval(timer); resolve(worst); }, 3000);
    })`);
    expect(longest).toBeLessThan(2_000);
  });
});

describe('an answer that comes in the middle of something', () => {
  test('leaves focus, selection and scroll position where they are, and unchanged rows untouched', async () => {
    let images = Array.from({ length: 60 }, (_, index) => listedImage(60 - index));
    showImages(() => images);
    await page.goto(`${tracker.url}/ui`);
    await rows().nth(59).waitFor();
    const place = await page.evaluate<number>(`(() => {
      const link = document.querySelectorAll('#matrix a.open')[40];
      link.scrollIntoView({ block: 'center' });
      link.focus({ preventScroll: true });
      getSelection().selectAllChildren(document.querySelectorAll('#matrix code')[41]);
      const changes = [];
      new MutationObserver((records) => changes.push(...records)).observe(
        document.querySelectorAll('#matrix tbody tr')[42], { childList: true, attributes: true, subtree: true });
      Object.assign(window, { link, changes });
      return link.getBoundingClientRect().top;
    })()`);
    images = [listedImage(62), listedImage(61), { ...listedImage(60), state: 'available' }, ...images.slice(1)];
    await rows().nth(61).waitFor({ state: 'attached' });
    expect(await page.evaluate('document.activeElement === window.link')).toBe(true);
    expect(await page.evaluate('String(getSelection())')).toBe('sha256:00000013…');
    expect(Math.abs((await page.evaluate<number>('window.link.getBoundingClientRect().top')) - place)).toBeLessThan(2);
    expect(await page.evaluate(`window.changes.filter(({ target }) => target.nodeName !== 'TIME').length`)).toBe(0);
    expect(await rows().nth(2).innerText()).toContain('available');
  });

  test('of the view before is not shown in this one', async () => {
    let release: (() => void) | undefined;
    showImages(() => [listedImage(1)]);
    answers.availability = () => listedImage(1);
    answers.events = () => ({ events: [] });
    await page.route('**/api/images?**', async (route) => {
      if (route.request().url().includes('state=')) await new Promise<void>((resolve) => (release = resolve));
      await route.continue().catch(() => undefined);
    });
    await page.goto(`${tracker.url}/ui`);
    await rows().first().waitFor();
    await page.getByLabel('State', { exact: true }).selectOption('deleted');
    await until(
      () => release,
      (held) => held !== undefined,
      patienceMs,
    );
    await page.goBack();
    showImages(() => [listedImage(2), listedImage(1)]);
    await rows().nth(1).waitFor();
    release?.();
    expect(await page.getByLabel('State', { exact: true }).inputValue()).toBe('');
  });
});

describe('a filter that gets no list', () => {
  test.each([
    ['is refused', 400],
    ['is not answered', 503],
  ])('shows none when it %s', async (_title, status) => {
    answers.images = (query) =>
      query.has('repository') ? status : { images: [listedImage(2), listedImage(1)], next: 'more' };
    await page.goto(`${tracker.url}/ui`);
    await rows().nth(1).waitFor();
    const field = page.getByLabel('Repository, or an image to open');
    await field.fill('UPPER');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText(`It answered ${status}.`).waitFor();
    expect(await rows().count()).toBe(0);
    expect(await page.locator('.summary').innerText()).not.toMatch(/\d/);
    expect(
      await page
        .getByText(/^No image|Older images/)
        .filter({ visible: true })
        .count(),
    ).toBe(0);
    expect(await page.title()).not.toMatch(/replicating/);
    await page.getByRole('button', { name: 'Clear' }).click();
    await rows().nth(1).waitFor();
    await page.getByText('2 images').waitFor();
  });
});

describe('more regions than fit', () => {
  const regions = [
    ...['australiaeast', 'brazilsouth', 'canadacentral', 'centralindia', 'eastus', 'francecentral'],
    ...['germanywestcentral', 'japaneast', 'southeastasia', 'swedencentral', 'uksouth', 'westeurope'],
  ];

  function showRegions(count: number): void {
    const [there, silent] = listedImage(1).regions;
    const names = regions.slice(0, count);
    const image = listedImage(1, {
      regions: names.map((region, index) => ({ ...(index % 2 === 0 ? there : silent), region })),
      tag: { name: 'v1', state: 'unknown', regions: [] },
    });
    showImages(() => Array.from({ length: 30 }, (_, index) => ({ ...image, digest: `${index}` })));
    answers.availability = () => image;
    answers.events = () => ({ events: [] });
  }

  /** What sticks out of the page, what sticks out of its card, which heads are in pieces, and what the Tab key misses. */
  const faults = () =>
    page.evaluate<string[]>(`(() => {
      const visible = (selector) => [...document.querySelectorAll(selector)].filter((each) => each.checkVisibility());
      const isTooWide = ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth;
      const lines = (head) => {
        const range = document.createRange();
        range.selectNodeContents(head);
        return range.getClientRects().length;
      };
      const wide = visible('.frame, .matrix-frame').filter(isTooWide);
      // Of cards on a phone the head is not seen.
      const heads = visible('.matrix thead th.region').filter(({ offsetParent }) => offsetParent.offsetWidth > 1);
      return [
        ...(isTooWide(document.documentElement) ? ['the page scrolls'] : []),
        ...wide.filter((card) => getComputedStyle(card).overflowX !== 'auto').map(({ id }) => 'sticks out: ' + id),
        ...wide.filter((card) => card.tabIndex !== 0 || !card.ariaLabel).map(({ id }) => 'no key reaches: ' + id),
        ...heads.filter((head) => lines(head) > 1).map(({ innerText }) => 'in pieces: ' + innerText),
      ];
    })()`);

  test.each([5, 12])('%d: the page stays in its window, and tables scroll in their cards', async (count) => {
    showRegions(count);
    for (const view of ['', '#image=contoso.azurecr.io/team/app:v1']) {
      await page.goto(`${tracker.url}/ui${view}`);
      await page
        .locator(view === '' ? '#matrix tbody tr' : '#image-tags tbody tr')
        .first()
        .waitFor();
      for (const width of [1280, 1100, 1024, 850, 720, 360]) {
        await page.setViewportSize({ width, height: 800 });
        await expect.poll(faults, { message: `${view} at ${width}`, timeout: 3_000 }).toEqual([]);
      }
    }
  });

  test('of which the keyboard shows the last', async () => {
    showRegions(12);
    await page.setViewportSize({ width: 720, height: 800 });
    await page.goto(`${tracker.url}/ui`);
    const card = page.getByRole('region', { name: 'Images, newest first' });
    await card.focus();
    for (let steps = 0; steps < 40; steps++) await page.keyboard.press('ArrowRight');
    const last = page.getByRole('columnheader', { name: 'First seen' });
    await until(
      async () => (await last.boundingBox())?.x ?? Number.NaN,
      (x) => x < 720,
      patienceMs,
    );
  });
});

test('a digest alone opens nothing, and the field says what it lacks', async () => {
  showImages(() => [listedImage(1)]);
  await page.goto(`${tracker.url}/ui`);
  await rows().first().waitFor();
  const field = page.getByLabel('Repository, or an image to open');
  const digest = `sha256:${'0'.repeat(64)}`;
  await field.fill(digest);
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('A digest needs its repository').waitFor();
  expect(page.url()).not.toContain('sha256');
  // The other fields still work, and what was pasted is there to be completed.
  await page.getByLabel('State', { exact: true }).selectOption('deleted');
  await until(
    () => tracker.asked.at(-1),
    (asked) => asked?.includes('state=deleted') === true,
    patienceMs,
  );
  expect([await field.inputValue(), await field.getAttribute('aria-invalid')]).toEqual([digest, 'true']);
  answers.availability = () => listedImage(1);
  answers.events = () => ({ events: [] });
  await field.fill(`team/app@${digest}`);
  await page.keyboard.press('Enter');
  await page.locator('#image-details').waitFor();
  expect(page.url()).toContain(`#registry=contoso&state=deleted&image=contoso.azurecr.io/team/app@${digest}`);
});

test('an answer that makes no sense is an outage, and not the end', async () => {
  let isSane = false;
  answers.images = () => (isSane ? { images: [listedImage(1)], next: null } : { pictures: 1 });
  await page.goto(`${tracker.url}/ui`);
  await page.getByRole('alert').getByText('was not understood').waitFor();
  isSane = true;
  await rows().first().waitFor();
  // What it was is for whoever looks after the tracker.
  expect(complaints.splice(0).join()).toContain('TypeError');
});

test('with several registries, one is chosen', async () => {
  const registries = [...listedRegistries.registries, { name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' }];
  answers.registries = () => ({ registries });
  answers.images = (query) => ({ images: [listedImage(1, { repository: query.get('registry') })], next: null });
  await page.goto(`${tracker.url}/ui`);
  await rows().getByText('contoso').waitFor();
  await page.getByLabel('Registry').selectOption('fabrikam.azurecr.io');
  await rows().getByText('fabrikam').waitFor();
  expect(page.url()).toContain('#registry=fabrikam');
});

test('at the address of a registry that is not tracked, no other is shown', async () => {
  showImages(() => [listedImage(1)]);
  answers.replicas = () => 503;
  await page.goto(`${tracker.url}/ui`);
  await rows().first().waitFor();
  for (const view of ['registry=nope', 'view=replicas&registry=nope']) {
    await page.goto(`${tracker.url}/ui#${view}`);
    await page.getByRole('alert').getByText('Registry "nope" is not tracked here.').waitFor();
    expect(await page.locator('#screens').isVisible()).toBe(false);
    expect(await page.title()).toMatch(/^Unknown registry · /);
  }
  await page.goBack();
  await page.getByRole('link', { name: 'contoso.azurecr.io' }).click();
  await rows().first().waitFor();
  expect(page.url()).toContain('#registry=contoso');
  expect(await page.getByRole('alert').count()).toBe(0);
});

test('a state that is not known is asked for all the same, and shown as the tracker refuses it', async () => {
  answers.images = (query) => (query.get('state') === 'lost' ? 400 : { images: [listedImage(1)], next: null });
  await page.goto(`${tracker.url}/ui#state=lost`);
  await page.getByRole('alert').getByText('It answered 400.').waitFor();
  expect(await page.getByLabel('State', { exact: true }).inputValue()).toBe('lost');
  expect(await rows().count()).toBe(0);
  await page.getByRole('button', { name: 'Clear' }).click();
  await rows().first().waitFor();
});

test('a tab that is not seen asks nothing', async () => {
  showImages(() => [listedImage(1)]);
  await page.clock.install();
  await page.addInitScript(
    `Object.defineProperty(document, 'visibilityState', { get: () => window.shown ?? 'visible' })`,
  );
  await page.goto(`${tracker.url}/ui`);
  await rows().first().waitFor();
  await page.evaluate(`window.shown = 'hidden'; document.dispatchEvent(new Event('visibilitychange'))`);
  const asked = tracker.asked.length;
  await page.clock.runFor(60_000);
  expect(tracker.asked.length).toBe(asked);
  await page.evaluate(`window.shown = 'visible'; document.dispatchEvent(new Event('visibilitychange'))`);
  await until(
    () => tracker.asked.length,
    (length) => length > asked,
    patienceMs,
  );
});
