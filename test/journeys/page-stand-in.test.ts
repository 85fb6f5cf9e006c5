/**
 * The live page in a real browser before a tracker with any answers: names that no parser would accept, very long
 * lists, and answers that change while the page is in use.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/app.ts';
import { listen, openBrowser, violationsOn } from '../support/browser.ts';
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
    // Each of these is markup, or would be for some template.
    '<img src=x onerror=alert(1)><script>alert(1)</script>"><svg onload=alert(1)>{{constructor.constructor("alert(1)")()}}',
    '\u202egnp.exe\u202d',
    'javascript:alert(1)',
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
      members: [{ digest: name, kind: name, platform: name, artifactType: name, missing: [name] }],
      membersKnown: true,
      ...{ memberOf: [name], subject: name, artifacts: [{ kind: name, known: true, missing: [name] }] },
    });
    const event = { id: name, type: name, subject: name, time: name, region: name, status: name, generation: 1 };
    const times = { acceptedAt: name, deadlineAt: name, finishedAt: name, attempts: 1 };
    const release = { name, revision: 2, createdAt: name, availableAt: null, announcedAt: null, delayed: true };
    const report = { region: name, expected: true, health: name, provisioningState: name, missingImages: 1 };
    answers = {
      registries: () => ({ registries: [{ name, loginServer: name }, ...listedRegistries.registries] }),
      images: () => ({ images: [image], next: null }),
      availability: () => image,
      events: () => ({
        events: [{ ...event, publishedAt: null, failedAttempts: { count: 1, lastAt: name, lastError: name } }],
        topicError: name,
        forwards: [
          { id: name, target: name, tag: name, time: name, state: name, attempts: 1, lastAt: name, lastError: name },
        ],
        checks: [
          { id: name, kind: name, state: name, verdict: { result: name, comment: name }, lastError: name, ...times },
        ],
      }),
      releases: () => ({ releases: [{ ...release, images: [name] }], next: null }),
      waiting: () => ({ waiting: [{ kind: name, name, requests: 1, checks: 1, since: name }], total: 1, instances: 1 }),
      [`releases/${encodeURIComponent(name)}`]: () => ({
        ...release,
        ...{ satisfied: false, missing: [{ image: name, regions: [name] }], images: [image] },
        ...{ ended: [{ image: name, outcome: name }], requirement: { regions: [name], require: 'all' } },
      }),
      replicas: () => ({
        source: name,
        refreshedAt: name,
        stale: true,
        regions: [
          {
            ...report,
            status: { displayStatus: name, message: name, timestamp: name },
            lastWebhookAt: name,
            silent: true,
            unreportedImages: 5,
            webhook: { status: name, reason: name, checkedAt: name },
            lag: { p50Seconds: 1, p95Seconds: 2, count: 3 },
          },
        ],
        likelyCauses: [{ title: name, trackingId: name, regions: [name], since: null }],
      }),
    };
    // The long one is wide as well; the others leave room.
    for (const width of name.length > 1_000 ? [1280, 360] : [360]) {
      await page.setViewportSize({ width, height: 740 });
      const views = ['', '#image=contoso.azurecr.io/x:y', '#view=replicas', '#view=releases', '#view=waiting'];
      // An address cannot have a name that long.
      const opened = name.length > 1_000 ? [] : [`#release=${encodeURIComponent(name)}`];
      for (const view of [...views, ...opened]) {
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
    answers.images = (query) => (query.has('q') ? status : { images: [listedImage(2), listedImage(1)], next: 'more' });
    await page.goto(`${tracker.url}/ui`);
    await rows().nth(1).waitFor();
    const field = page.getByLabel('Search');
    await field.fill('UPPER');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText(`The tracker answered ${status}.`).waitFor();
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

describe('with the keyboard alone', () => {
  const all = [listedImage(3), listedImage(2, { repository: 'team/api' }), listedImage(1)];
  const { digest } = listedImage(2);
  const focused = () =>
    page.evaluate<string>('document.activeElement.getAttribute("href") ?? document.activeElement.id');

  beforeEach(async () => {
    answers.images = (query) => {
      const part = query.get('q') ?? '';
      return { images: all.filter((image) => `${image.repository}:prod@${image.digest}`.includes(part)), next: null };
    };
    answers.availability = () => listedImage(2, { repository: 'team/api' });
    answers.events = () => ({ events: [] });
    await page.goto(`${tracker.url}/ui`);
    await rows().nth(2).waitFor();
  });

  test('arrow down right after typing moves to the first image that is found', async () => {
    await page.keyboard.press('/');
    expect(await focused()).toBe('filter-search');
    await page.keyboard.insertText(digest);
    await page.keyboard.press('ArrowDown');
    await expect.poll(focused, { timeout: patienceMs }).toContain(digest);
    expect(await rows().count()).toBe(1);
    await page.keyboard.press('Enter');
    await page.locator('#image-details').waitFor();
    await page.keyboard.press('Escape');
    await rows().first().waitFor();
    expect(await focused()).toContain(digest);
  });

  test('Enter opens the only image of a digest, as this page writes it too', async () => {
    await page.keyboard.press('/');
    await page.keyboard.insertText(`${digest.slice(0, 15)}…`);
    await page.keyboard.press('Enter');
    await page.locator('#image-details').waitFor();
    expect(page.url()).toContain(`image=contoso.azurecr.io/team/api@${digest}`);
  });

  test('Enter opens the only image that a part of its name finds, and none of several', async () => {
    const field = page.getByLabel('Search');
    await field.fill('api:prod');
    await page.keyboard.press('Enter');
    await page.locator('#image-details').waitFor();
    expect(page.url()).toContain(`image=contoso.azurecr.io/team/api@${digest}`);
    await page.keyboard.press('Escape');
    await field.fill('app:prod');
    await page.keyboard.press('Enter');
    await rows().nth(1).waitFor();
    expect(page.url()).toMatch(/q=app:prod$/);
  });

  test('back from an image that was named whole, the list is the one that the search names', async () => {
    const field = page.getByLabel('Search');
    await field.fill('docker pull contoso.azurecr.io/team/api:prod');
    await page.keyboard.press('Enter');
    await page.locator('#image-details').waitFor();
    expect(page.url()).toContain('image=contoso.azurecr.io/team/api:prod');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Clear' }).waitFor();
    expect(page.url()).toContain('q=contoso.azurecr.io/team/api:prod');
  });

  test('the search is that of the address after Back, also where it has the focus', async () => {
    const field = page.getByLabel('Search');
    await field.fill('team/app');
    await expect.poll(() => page.url(), { timeout: patienceMs }).toContain('q=team/app');
    await page.evaluate('history.back()');
    await expect.poll(() => field.inputValue(), { timeout: patienceMs }).toBe('');
    expect(await focused()).toBe('filter-search');
  });

  test('a focused image that is no longer listed does not lose the place', async () => {
    await page.locator('#matrix a.open').nth(1).focus();
    const removed = all.splice(1, 1);
    await expect.poll(() => rows().count(), { timeout: patienceMs }).toBe(2);
    expect(await focused()).toContain(listedImage(3).digest);
    all.splice(1, 0, ...removed);
  });
});

test('a diverged tag is named in every list, and what only older pages have is found', async () => {
  const image = listedImage(1, {
    state: 'available',
    divergedTags: [{ tag: 'prod', regions: ['japaneast', 'uksouth'] }],
  });
  answers.images = (query) => {
    if (query.get('region') === 'uksouth') {
      const cursor = query.get('cursor');
      return cursor === null ? { images: [], next: 'older' } : { images: [listedImage(2)], next: null };
    }
    return { images: query.get('q') === 'prod' ? [image] : [listedImage(2), image], next: null };
  };
  await page.goto(`${tracker.url}/ui#q=prod`);
  await rows().first().waitFor();
  expect(await rows().first().locator('.pill').allInnerTexts()).toEqual(['available', 'diverged']);
  expect(await rows().first().innerText()).toContain('prod: another digest in japaneast, uksouth');
  await page.goto(`${tracker.url}/ui#missing=uksouth`);
  await rows().getByText('v2').waitFor();
  expect(await page.getByText('No image matches').isVisible()).toBe(false);
});

test('a member that a search finds shows its index and platform, and is delayed with its index', async () => {
  const index = listedImage(1, { delayed: true });
  const member = listedImage(2, { memberOf: [index.digest], tags: [] });
  const members = [{ ...{ digest: member.digest, kind: 'platform', platform: 'linux/arm64' }, missing: [] }];
  answers.images = () => ({ images: [member], next: null });
  answers.availability = (query) => (query.get('image') === index.image ? { ...index, members } : 404);
  await page.goto(`${tracker.url}/ui#q=${member.digest}`);
  await rows().first().waitFor();
  expect(await rows().innerText()).toMatch(/linux\/arm64 of the index sha256:00000001…[\s\S]*delayed/);
});

describe('more regions than fit', () => {
  const regions = [
    ...['australiaeast', 'brazilsouth', 'canadacentral', 'centralindia', 'eastus', 'francecentral'],
    ...['germanywestcentral', 'japaneast', 'southeastasia', 'swedencentral', 'uksouth', 'westeurope'],
  ];

  function showRegions(count: number): void {
    const [there, silent] = listedImage(1).regions;
    const more = Array.from({ length: 18 }, (_, index) => `southafrica${index}`);
    const names = [...regions, ...more].slice(0, count);
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
        range.selectNodeContents(head.firstElementChild ?? head);
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

  test.each([5, 12, 30])('%d: the page stays in its window, and tables scroll in their cards', async (count) => {
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

  test('do not widen the page before they have been measured', async () => {
    showRegions(30);
    await page.addInitScript('window.ResizeObserver = class { observe() {} disconnect() {} }');
    await page.setViewportSize({ width: 1024, height: 800 });
    await page.goto(`${tracker.url}/ui`);
    await rows().first().waitFor();
    expect(await page.evaluate('document.querySelector("#matrix table").offsetWidth > innerWidth')).toBe(true);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
  });

  test('of which the keyboard shows the last', async () => {
    showRegions(30);
    await page.setViewportSize({ width: 720, height: 800 });
    await page.goto(`${tracker.url}/ui`);
    const card = page.getByRole('region', { name: 'Images, and since when' });
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

test('what is typed is searched for by the tracker, letter by letter, and is one step back', async () => {
  const all = [listedImage(2, { repository: 'shop/cart' }), listedImage(1)];
  const withMembers = new Set<string>();
  answers.images = (query) => {
    const part = query.get('q') ?? '';
    withMembers.add(`${part.startsWith('sha256:')} ${query.get('members')}`);
    return { images: all.filter(({ repository }) => repository.includes(part)), next: null };
  };
  answers.availability = () => listedImage(1);
  answers.events = () => ({ events: [] });
  await page.goto(`${tracker.url}/ui`);
  await rows().nth(1).waitFor();
  const field = page.getByLabel('Search');
  await field.pressSequentially('cart');
  await rows().getByText('shop/cart').waitFor();
  await until(
    () => rows().count(),
    (count) => count === 1,
    patienceMs,
  );
  expect(page.url()).toContain('#registry=contoso&q=cart');
  expect(await field.inputValue()).toBe('cart');
  await field.press('ArrowDown');
  expect(await page.evaluate('document.activeElement.closest("tbody") !== null')).toBe(true);
  await field.focus();
  await field.fill(`sha256:${'0'.repeat(64)}`);
  await page.keyboard.press('Enter');
  await page.getByText('No image matches these filters.').waitFor();
  // A digest may be that of one platform.
  expect(withMembers).toEqual(new Set(['false null', 'true true']));
  // An image whose whole name is typed is opened.
  await field.fill('team/app:v1');
  await page.keyboard.press('Enter');
  await page.locator('#image-details').waitFor();
  expect(page.url()).toContain('image=contoso.azurecr.io/team/app:v1');
});

describe('the registry as a whole', () => {
  const summary = {
    images: { available: 494, replicating: 5, deleting: 0, deleted: 1 },
    ...{ delayed: 3, divergedTags: 1, regions: [], asOf: '2026-06-01T12:00:00.000Z' },
  };

  test('is counted, leads to what is counted, and what needs attention is on top', async () => {
    answers.summary = () => summary;
    answers.images = (query) => {
      const state = query.get('state');
      if (state === 'delayed') return { images: [listedImage(7, { delayed: true })], next: null };
      if (state === 'diverged') return { images: [listedImage(3, { state: 'available' })], next: null };
      return { images: [5, 4, 3, 2, 1].map((n) => listedImage(n)), next: 'more' };
    };
    await page.goto(`${tracker.url}/ui`);
    await page.getByText('500 images').waitFor();
    const tags = () => rows().locator('.tag').allInnerTexts();
    await until(tags, (found) => found.length === 6, patienceMs);
    expect(await tags()).toEqual(['v7', 'v3', 'v5', 'v4', 'v2', 'v1']);
    expect(await rows().nth(1).locator('.pill.is-diverged').isVisible()).toBe(true);
    expect(await page.title()).toMatch(/^3 delayed, 5 replicating · contoso/);
    const count = (name: string) => page.locator('#counts').getByRole('link', { name });
    await count('3 delayed').click();
    await until(tags, (found) => found.join() === 'v7', patienceMs);
    expect(page.url()).toContain('state=delayed');
    expect(await count('3 delayed').getAttribute('aria-current')).toBe('true');
    await count('3 delayed').click();
    await until(tags, (found) => found.length === 6, patienceMs);
  });

  test('has a row for what is not pinned, and a link to what is being deleted', async () => {
    answers.summary = () => ({
      ...{ ...summary, delayed: 9, divergedTags: 3 },
      images: { ...summary.images, deleting: 2 },
    });
    answers.images = (query) => {
      const state = query.get('state');
      const [delayed, isLimited] = [[20, 19, 18, 17, 16, 15], query.get('limit') === '5'];
      if (state === 'delayed') {
        const shown = isLimited ? delayed.slice(0, 5) : delayed;
        return { images: shown.map((n) => listedImage(n, { delayed: true })), next: isLimited ? 'more' : null };
      }
      if (state === 'deleting') return { images: [listedImage(2, { state })], next: null };
      if (state === 'diverged') return { images: [], next: 'more' };
      return { images: [3, 2, 1].map((n) => listedImage(n)), next: 'more' };
    };
    await page.goto(`${tracker.url}/ui`);
    await rows().nth(9).waitFor();
    expect((await rows().allInnerTexts()).slice(5, 7)).toEqual(['4 more delayed images', '3 more diverged tags']);
    await page.locator('#counts').getByRole('link', { name: '2 deleting' }).click();
    await expect.poll(() => rows().count(), { timeout: patienceMs }).toBe(1);
    expect(await rows().innerText()).toContain('still in 1 of 2');
    await page.goBack();
    await rows().getByText('4 more delayed images').click();
    await expect.poll(() => rows().count(), { timeout: patienceMs }).toBe(6);
    expect(page.url()).toContain('state=delayed');
  });

  test('names what the topic does not accept, and leads to it, though all images are listed', async () => {
    answers.summary = () => ({
      ...summary,
      images: { ...summary.images },
      delayed: 0,
      divergedTags: 0,
      unpublished: 2,
    });
    answers.images = (query) => {
      const unpublished = {
        events: 2,
        attempts: 4,
        lastAt: '2026-06-01T12:16:00.000Z',
        lastError: 'topic (401): no key',
      };
      const images = [3, 2, 1].map((n) => listedImage(n, { state: 'available', unpublished }));
      return { images: query.get('state') === 'unpublished' ? images.slice(1) : images, next: null };
    };
    await page.goto(`${tracker.url}/ui`);
    await page.locator('#counts').getByRole('link', { name: '2 unpublished' }).click();
    await until(
      () => rows().count(),
      (count) => count === 2,
      patienceMs,
    );
    expect(page.url()).toContain('state=unpublished');
    expect(await page.locator('#filter-state').inputValue()).toBe('unpublished');
    const refused = 'not accepted: 2 events: 401, the key or role of the app is not enough (no key), tried 4 times';
    expect(await rows().first().innerText()).toContain(refused);
  });

  test('is not needed: without it what is loaded is counted', async () => {
    showImages(() => [listedImage(2), listedImage(1)]);
    await page.goto(`${tracker.url}/ui`);
    await page.getByText('2 images').waitFor();
    expect(await page.locator('#counts').innerText()).toMatch(/2\s*replicating/);
  });
});

test('the image before leaves nothing at the address of another', async () => {
  let isKnown = true;
  answers.availability = () => (isKnown ? listedImage(1, { state: 'available', missing: [] }) : 503);
  answers.events = () => ({ events: [] });
  await page.goto(`${tracker.url}/ui#image=contoso.azurecr.io/team/app:v1`);
  await page.locator('#image-state .pill.is-available').waitFor();
  isKnown = false;
  await page.goto(`${tracker.url}/ui#image=contoso.azurecr.io/team/other:v9`);
  await page.getByRole('heading', { name: 'contoso.azurecr.io/team/other:v9' }).waitFor();
  expect(await page.locator('#image-state').isVisible()).toBe(false);
  expect(await page.locator('#image-headline').isVisible()).toBe(false);
});

/** An event that was accepted, one that was not, a forward and a check. */
const deliveries = {
  events: [
    {
      ...{
        id: 'abcdef0123456789',
        source: 'https://contoso.azurecr.io',
        subject: 'team/app@sha256:1',
        generation: 1,
      },
      ...{ type: 'AcrReplication.ImageAvailableInRegion', time: '2026-06-01T12:00:00.000Z', region: 'eastus' },
      ...{ status: 'published', publishedAt: '2026-06-01T12:00:01.000Z', data: { lagSeconds: 2.5 } },
    },
    {
      ...{
        id: 'fedcba9876543210',
        source: 'https://contoso.azurecr.io',
        subject: 'team/app@sha256:1',
        generation: 1,
      },
      ...{ type: 'AcrReplication.ReplicationDelayed', time: '2026-06-01T12:15:00.000Z', data: {} },
      ...{ status: 'pending', publishedAt: null },
      failedAttempts: {
        count: 4,
        lastAt: '2026-06-01T12:16:00.000Z',
        lastError: 'throttled: Event Grid topic (503): The topic is moving',
      },
    },
  ],
  topicError: 'throttled: Event Grid topic (503)',
  forwards: [
    {
      ...{ id: 'a', target: 'cluster', tag: 'v1', time: '2026-06-01T12:00:00.000Z', state: 'givenUp', attempts: 24 },
      ...{ lastAt: '2026-06-02T12:00:00.000Z', lastError: 'answered 500' },
    },
  ],
  checks: [
    {
      ...{ id: 'c', kind: 'github', images: ['x'], release: null, acceptedAt: '2026-06-01T12:00:00.000Z' },
      ...{ deadlineAt: '2026-06-01T13:00:00.000Z', state: 'delivered', finishedAt: '2026-06-01T12:00:05.000Z' },
      verdict: { result: 'succeeded', comment: 'in 2 of 2 regions' },
      ...{ attempts: 1, nextTryAt: null, lastError: null },
    },
  ],
};

test('published events show what they say, and are published again by whom may', async () => {
  let isAdmin = false;
  const replays: string[] = [];
  answers.availability = () => listedImage(1);
  answers.events = () => deliveries;
  await page.route('**/api/events/replay', async (route) => {
    replays.push(route.request().postData() ?? '');
    await route.fulfill({ status: isAdmin ? 202 : 401, json: {} });
  });
  await page.goto(`${tracker.url}/ui#image=contoso.azurecr.io/team/app:v1`);
  const event = page.locator('#image-events tbody tr', { hasText: 'eastus' });
  expect(await event.innerText()).toContain('Accepted by the topic');
  const refused = page.locator('#image-events tbody tr', { hasText: 'Not accepted yet: 503, tried 4 times' });
  expect(await refused.innerText()).toContain('The topic is moving');
  await page.getByText('The topic accepts nothing at the moment: 503.').waitFor();
  await page.locator('#image-forwards').getByText('Given up after a day: 500').waitFor();
  expect(await page.locator('#image-checks tbody tr').innerText()).toMatch(/GitHub[\s\S]*succeeded[\s\S]*Accepted/);
  await event.locator('summary').click();
  await event.getByText('"lagSeconds": 2.5').waitFor();
  await page.getByRole('button', { name: 'Publish all again' }).click();
  await page.getByText('Publishing again needs an admin key.').waitFor();
  isAdmin = true;
  await page.getByRole('button', { name: 'Publish all again' }).click();
  await page.getByText('Publishing again, with the same ids.').waitFor();
  expect(JSON.parse(replays[0] ?? '')).toEqual({ image: listedImage(1).image });
});

describe('an image', () => {
  const twelve = ['australiaeast', 'brazilsouth', 'canadacentral', 'eastus', 'eastus2', 'japaneast'].concat(
    ...[['northeurope', 'southeastasia', 'uksouth', 'westeurope', 'westus', 'westus2']],
  );
  const [there, silent] = listedImage(1).regions;
  const everywhere = (n: number, more: object = {}) =>
    listedImage(n, {
      ...{ state: 'available', satisfied: true, missing: [], members: [], membersKnown: true },
      regions: twelve.map((region) => ({ ...there, region })),
      requirement: { regions: twelve, require: 'all', needed: 12, have: 12 },
      ...more,
    });
  const tagOf = (digestIn: (region: string) => string, state = 'converged') => ({
    ...{ name: 'prod', state },
    regions: twelve.map((region) => ({ region, digest: digestIn(region), since: '2026-06-01T12:00:00.000Z' })),
  });
  const aboutRegions = twelve.map((region, n) => ({ ...deliveries.events[0], id: `${n}`.repeat(12), region }));

  test('has no tag only once that is known', async () => {
    showImages(() => [everywhere(1)]);
    answers.events = () => ({ events: [] });
    let isAnswered = false;
    let release = () => {};
    await page.route(/availability\?.*%3Av1/, async (route) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      await route.continue();
    });
    answers.availability = (query) => {
      isAnswered ||= query.get('image')?.endsWith(':v1') === true;
      return everywhere(1);
    };
    await page.goto(`${tracker.url}/ui`);
    await rows().getByRole('link').click();
    await page.locator('#no-tags').getByText('Loading').waitFor();
    expect([isAnswered, await page.getByText('No tag points here').isVisible()]).toEqual([false, false]);
    release();
    await page.locator('#image-tags tbody tr').waitFor();
  });

  test('that a tag has left leads to the newer one, and names the regions that are behind', async () => {
    const [old, newer] = [everywhere(1, { tags: [] }), everywhere(2)];
    const tag = tagOf((region) => (region === 'uksouth' ? old.digest : newer.digest), 'diverged');
    answers.availability = (query) => {
      if (query.get('image')?.endsWith(':prod')) return { ...newer, tag };
      return query.get('image') === newer.image ? newer : old;
    };
    answers.events = () => ({ events: [], tags: ['prod'] });
    await page.goto(`${tracker.url}/ui#image=${old.image}`);
    await page.getByText('prod has moved to another image; uksouth resolves it to this one.').waitFor();
    expect(await page.locator('#image-state').innerText()).toMatch(/available[\s\S]*diverged/);
    expect(await page.locator('#image-tags tbody tr').innerText()).toMatch(
      /prod\s+diverged\s+uksouth\s+\S+ in 11 regions/,
    );
    await page.getByText('Newest image of prod').getByRole('link').click();
    await page.locator('#image-reference', { hasText: newer.digest }).waitFor();
    expect(await page.getByText('Newest image of prod').isVisible()).toBe(false);
  });

  test('that no region has reported has no table of regions, but names like its own', async () => {
    const nothing = { state: 'unknown', digest: null, mediaType: null, members: null, firstSeenAt: null, tags: [] };
    answers.availability = () => everywhere(1, { ...nothing, missing: twelve, regions: [silent] });
    answers.events = () => ({ events: [] });
    const searched: (string | null)[] = [];
    answers.images = (query) => {
      searched.push(query.get('q'));
      return { images: query.get('q') === 'app' ? [] : [listedImage(3)], next: null };
    };
    await page.goto(`${tracker.url}/ui#image=contoso.azurecr.io/team/app:nope`);
    await page.getByText('No region has reported this image.').waitFor();
    await page.getByText('Images with such a name').getByRole('link', { name: 'team/app:v3' }).waitFor();
    expect(searched).toEqual(['team/app']);
    expect(await page.locator('#image-regions, #image-facts').filter({ visible: true }).count()).toBe(0);
  });

  test('names what is attached to it and missing somewhere, and the answer of the topic, at the top', async () => {
    answers.availability = (query) => {
      const kinds = (query.get('artifacts') ?? '').split(',').filter((kind) => kind !== '');
      const missing = (kind: string) => (kind === 'signature' ? ['japaneast'] : twelve);
      if (kinds.length === 0) return everywhere(1);
      const artifacts = kinds.map((kind) => ({ kind, known: true, missing: missing(kind) }));
      return everywhere(1, { artifacts, missing: twelve, satisfied: false });
    };
    answers.events = () => ({ events: deliveries.events });
    await page.goto(`${tracker.url}/ui#image=${everywhere(1).image}`);
    await page.getByText('Its signature is missing in japaneast.').waitFor();
    const refusal = page.getByText('The topic has not accepted 1 event: 503 (The topic is moving), tried 4 times');
    expect((await refusal.boundingBox())?.y).toBeLessThan(400);
  });

  test('shows the payload as it would be sent now, and nothing moves sideways', async () => {
    answers.availability = () => everywhere(1);
    let state = 'replicating';
    answers.events = () => ({
      events: aboutRegions.slice(0, 2).map((event) => ({ ...event, data: { state, text: 'x '.repeat(400) } })),
    });
    await page.goto(`${tracker.url}/ui#image=${everywhere(1).image}`);
    const event = page.locator('#image-events tbody tr').first();
    const places = () =>
      event.locator('td').evaluateAll((cells) => cells.map((cell) => cell.getBoundingClientRect().x));
    await event.waitFor();
    const before = await places();
    await event.locator('summary').click();
    await event.getByText('As it would be sent now. What was sent may show an earlier state.').waitFor();
    expect(await places()).toEqual(before);
    const card = await page.locator('#image-events').boundingBox();
    const text = await event.locator('pre').boundingBox();
    expect((card?.width ?? 0) - (text?.width ?? 0)).toBeLessThan(30);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    state = 'available';
    await event.locator('pre').getByText('"state": "available"').waitFor();
  });

  test('has the events about single regions last, when they are wanted', async () => {
    answers.availability = () => everywhere(1);
    answers.events = () => ({ events: [...aboutRegions, deliveries.events[1]] });
    await page.setViewportSize({ width: 390, height: 740 });
    await page.goto(`${tracker.url}/ui#image=${everywhere(1).image}`);
    const events = page.locator('#image-events tbody tr');
    await page.getByRole('button', { name: 'Show 12 more events, each about one region' }).click();
    await events.nth(12).waitFor();
    expect(await page.locator('#all-events').isVisible()).toBe(false);
    // A region is a name with its state, a line and one more line.
    const region = await page.locator('#image-regions tbody tr').first().boundingBox();
    expect(region?.height).toBeLessThan(90);
  });

  test('whose platform is missing somewhere has that region first, and rows as wide as their card', async () => {
    const row = { kind: 'platform', artifactType: null, digest: 'x' };
    const members = [
      { ...row, platform: 'linux/arm64', missing: ['westus2'] },
      { ...row, digest: 'y', missing: [] },
    ];
    const regions = twelve.map((region) => ({ ...(region === 'westus2' ? silent : there), region }));
    answers.availability = () => everywhere(1, { state: 'replicating', members, regions, missing: ['westus2'] });
    answers.events = () => ({ events: [] });
    await page.goto(`${tracker.url}/ui#image=${everywhere(1).image}`);
    await page.getByText('linux/arm64 missing in westus2 for').waitFor();
    expect(await page.locator('#image-regions tbody th').first().innerText()).toBe('westus2');
    const right = async (selector: string) => {
      const box = await page.locator(selector).first().boundingBox();
      return (box?.x ?? 0) + (box?.width ?? Number.NaN);
    };
    expect((await right('#image-members')) - (await right('#image-members tbody tr'))).toBeLessThan(1.5);
  });

  test('of a release that has no signature in a region is not available there', async () => {
    const [unsigned, signed] = [1, 2].map((n) => {
      const missing = n === 1 ? ['japaneast'] : [];
      const artifacts = [{ kind: 'signature', known: true, missing }];
      return everywhere(n, { artifacts, missing, satisfied: n !== 1 });
    });
    answers['releases/shop'] = () => ({
      ...{ name: 'shop', revision: 1, createdAt: '2026-06-01T12:00:00.000Z', availableAt: null, announcedAt: null },
      ...{ delayed: true, satisfied: false, requirement: { regions: twelve, require: 'all' }, ended: [] },
      ...{ images: [signed, unsigned], missing: [{ image: unsigned?.image, regions: ['japaneast'] }] },
    });
    answers.events = () => ({ events: [], checks: [], checksComplete: true });
    await page.goto(`${tracker.url}/ui#release=shop`);
    await page.getByText('with no signature in japaneast.').waitFor();
    const row = page.locator('#release-matrix tbody tr').first();
    expect(await row.locator('td.state').innerText()).toMatch(/signature missing/);
    expect(await row.locator('td.is-incomplete').getAttribute('title')).toMatch(/^japaneast: no signature/);
  });
});

test('a family is one table: what lacks where, what is attached if asked, down to a member and back up', async () => {
  const [index, member] = [listedImage(1), listedImage(2)];
  const row = { kind: 'platform', artifactType: null };
  const members = [
    { ...row, digest: member.digest, platform: 'linux/amd64', missing: ['westeurope'] },
    { ...row, digest: listedImage(3).digest, platform: 'linux/arm64', missing: [] },
  ];
  answers.availability = (query) => {
    if (query.get('image') === member.image) return { ...member, members: [], memberOf: [index.digest] };
    const asked = query.get('artifacts');
    const artifacts = asked === null ? {} : { artifacts: [{ kind: asked, known: true, missing: ['westeurope'] }] };
    return { ...index, members, membersKnown: true, ...artifacts };
  };
  answers.events = () => ({ events: [] });
  await page.goto(`${tracker.url}/ui#image=${index.image}`);
  const rows = page.locator('#image-members tbody tr');
  await rows.nth(1).waitFor();
  await page.getByText('2 platforms. 1 of them is missing somewhere.').waitFor();
  expect(await rows.first().innerText()).toMatch(/linux\/amd64[\s\S]*1 of 2[\s\S]*available[\s\S]*missing/);
  await page.getByLabel('signature').check();
  await page.getByText('signature: missing in westeurope').waitFor();
  expect(page.url()).toContain('&artifacts=signature');
  await rows.getByRole('link', { name: 'linux/amd64' }).click();
  await page.getByText('Part of the index').getByRole('link').click();
  await rows.nth(1).waitFor();
  expect(page.url()).toContain(index.image);
});

test('a release fills while one looks, a hundred images and thirty regions on a phone as well', async () => {
  const [there, silent] = listedImage(1).regions;
  const names = Array.from({ length: 30 }, (_, n) => `region${n}`);
  let isComplete = false;
  const imageOf = (n: number) => {
    const isMissing = !isComplete && n < 3;
    const regions = names.map((region) => ({ ...(isMissing && region === 'region7' ? silent : there), region }));
    return listedImage(n, { regions, satisfied: !isMissing, state: isMissing ? 'replicating' : 'available' });
  };
  const head = () => ({
    ...{ name: 'shop-2.4', revision: 2, createdAt: '2026-06-01T12:00:00.000Z', announcedAt: null, delayed: false },
    availableAt: isComplete ? '2026-06-01T12:01:00.000Z' : null,
    requirement: { regions: names, require: 'all' },
  });
  answers.releases = () => ({ releases: [{ ...head(), images: Array.from({ length: 100 }, () => 'x') }], next: null });
  answers['releases/shop-2.4'] = () => {
    const images = Array.from({ length: 100 }, (_, n) => imageOf(n));
    const missing = isComplete ? [] : images.slice(0, 3).map(({ image }) => ({ image, regions: ['region7'] }));
    return { ...head(), satisfied: isComplete, missing, ended: [], images };
  };
  const event = {
    ...{ id: 'f', source: 'https://contoso.azurecr.io', type: 'AcrReplication.ReleaseAvailableInAllReplicas' },
    ...{ subject: 'releases/shop-2.4', time: '2026-06-01T12:01:00.000Z', revision: 2, status: 'published' },
    ...{ publishedAt: '2026-06-01T12:01:00.200Z', data: { name: 'shop-2.4' } },
  };
  answers.events = () => ({
    release: 'shop-2.4',
    events: isComplete ? [event] : [],
    checks: isComplete ? deliveries.checks : [],
    checksComplete: true,
  });
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(`${tracker.url}/ui#view=releases`);
  const listed = page.locator('#release-list tbody tr');
  await listed.getByText('97 of 100').waitFor();
  expect(await listed.innerText()).toMatch(/shop-2\.4[\s\S]*revision 2[\s\S]*replicating[\s\S]*missing in region7/);
  await page.getByRole('link', { name: 'shop-2.4' }).click();
  await page.getByText(/^97 of 100 images complete: team.app .* missing in region7\.$/).waitFor();
  expect(page.url()).toMatch(/#release=shop-2\.4$/);
  const rows = page.locator('#release-matrix tbody tr');
  expect(await rows.count()).toBe(100);
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
  await page.getByText('Nothing has been published about this revision yet.').waitFor();
  await page.getByText('No check of the last two days named this release.').waitFor();
  isComplete = true;
  await page.getByText('All 100 images are where they must be.').waitFor();
  await page.locator('#release-events').getByText('Accepted by the topic').waitFor();
  await page.locator('#release-events').getByText('JSON', { exact: true }).click();
  await page.locator('#release-events pre').getByText('"subject": "releases/shop-2.4"').waitFor();
  await page.locator('#release-checks').getByText('in 2 of 2 regions').waitFor();
  expect(await rows.first().locator('td.region.is-available').count()).toBe(30);
  expect(await rows.first().getByRole('link').getAttribute('href')).toContain('image=contoso.azurecr.io/team/app@');
});

test('who waits is listed, and leads to what is waited for', async () => {
  const waited = { requests: 12, checks: 1, since: new Date(Date.now() - 90_000).toISOString() };
  const image = 'contoso.azurecr.io/team/app:v1';
  const entry = { kind: 'image', name: image, ...waited };
  const some = { ...entry, regions: ['eastus', 'westeurope'], require: 'any', artifacts: ['signature'], requests: 3 };
  const alone = { ...entry, regions: ['eastus'], requests: 4 };
  const since = new Date(Date.now() - 95_000).toISOString();
  const release = { ...waited, kind: 'release', name: 'shop-2.4', requests: 6, since };
  const waiting = [entry, some, alone, { ...alone, require: 'any', requests: 5 }, release];
  answers.waiting = () => ({ waiting, total: 5, instances: 2 });
  answers.availability = () => listedImage(1);
  answers.events = () => ({ events: [] });
  await page.goto(`${tracker.url}/ui`);
  await page.getByRole('link', { name: 'Waiting' }).click();
  await page.getByText('2 images and releases are waited for; requests wait on 2 instances.').waitFor();
  const rows = page.locator('#waiting-list tbody tr');
  expect((await rows.allInnerTexts()).map((text) => text.split(/\s*[\t\n]\s*/))).toEqual([
    ['shop-2.4release', 'as set in the release', '1 min ago', '6', '1'],
    ['team/app:v1', 'every region', '1 min ago', '12', '1'],
    ['team/app:v1', 'any of eastus, westeurope; with signature', '1 min ago', '3', '1'],
    ['team/app:v1', 'eastus', '1 min ago', '4', '1'],
    ['team/app:v1', 'eastus', '1 min ago', '5', '1'],
  ]);
  expect(await rows.nth(2).getByRole('link').getAttribute('href')).toContain('artifacts=signature');
  await rows.nth(1).getByRole('link', { name: 'team/app:v1' }).click();
  await page.locator('#image-details').waitFor();
});

test('times in one table are all of the same moment', async () => {
  const shownAt = Date.now() + 60_000;
  const waitedFor = (name: string, milliseconds: number) => ({
    ...{ kind: 'release', name, requests: 1, checks: 0 },
    since: new Date(shownAt - milliseconds).toISOString(),
  });
  let waiting = [waitedFor('a', 31_950)];
  // The answer has no time of the tracker, so the page uses its own clock, which stands still.
  await page.route('**/api/waiting?*', (route) =>
    route.fulfill({ json: { waiting, total: waiting.length, instances: 1 } }),
  );
  await page.clock.install();
  await page.goto(`${tracker.url}/ui#view=waiting`);
  const times = page.locator('#waiting-list time');
  await times.first().waitFor();
  await page.clock.pauseAt(shownAt);
  const ask = () => page.evaluate('dispatchEvent(new Event("online"))');
  waiting = [waitedFor('b', 31_950)];
  await ask();
  await expect.poll(() => times.allInnerTexts(), { timeout: patienceMs }).toEqual(['31 s ago']);
  waiting = [...waiting, waitedFor('c', 31_910)];
  await page.clock.runFor(100);
  await ask();
  await times.nth(1).waitFor();
  await expect.poll(() => times.allInnerTexts(), { timeout: 3_000 }).toEqual(['32 s ago', '32 s ago']);
});

test('axe finds nothing in what is shown of a family, its deliveries, releases and who waits', async () => {
  const context = await browser.newContext({ bypassCSP: true });
  const checked = await context.newPage();
  const [there, silent] = [listedImage(1, { satisfied: true }), listedImage(2, { delayed: true })];
  const members = [{ kind: 'platform', artifactType: null, digest: 'x', platform: 'linux/amd64', missing: ['eastus'] }];
  const artifacts = [{ kind: 'signature', known: true, missing: ['eastus'] }];
  const at = '2026-06-01T12:00:00.000Z';
  const release = {
    ...{ name: 'shop-2.4', revision: 2, createdAt: at, availableAt: null, announcedAt: null, delayed: true },
    ...{ satisfied: false, requirement: { regions: ['eastus', 'westeurope'], require: 'all' }, ended: [] },
    ...{ images: [there, silent], missing: [{ image: silent.image, regions: ['westeurope'] }] },
  };
  answers.availability = () => ({ ...there, members, membersKnown: true, artifacts, memberOf: ['y'], subject: 'z' });
  answers.events = () => deliveries;
  answers.releases = () => ({ releases: [{ ...release, images: ['a', 'b'] }], next: null });
  answers['releases/shop-2.4'] = () => release;
  const waited = { kind: 'image', name: 'contoso.azurecr.io/team/app:v1', requests: 1, checks: 0, since: at };
  answers.waiting = () => ({ waiting: [waited], total: 1, instances: 1 });
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 360],
  ] as const) {
    await checked.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await checked.setViewportSize({ width, height: 800 });
    for (const view of [`image=${there.image}`, 'view=releases', 'release=shop-2.4', 'view=waiting']) {
      await checked.goto(`${tracker.url}/ui#${view}`);
      await checked.locator('section:not([hidden]) tbody tr').filter({ visible: true }).first().waitFor();
      expect([colorScheme, width, view, await violationsOn(checked)]).toEqual([colorScheme, width, view, []]);
    }
  }
  await context.close();
}, 60_000);

test("times are the reader's own, or UTC, and say which", async () => {
  const context = await browser.newContext({ timezoneId: 'Asia/Kolkata' });
  const elsewhere = await context.newPage();
  answers.availability = () => listedImage(1);
  answers.events = () => ({ events: [] });
  await elsewhere.goto(`${tracker.url}/ui#image=contoso.azurecr.io/team/app:v1`);
  const learned = elsewhere.locator('#image-regions td[data-label="Recorded"] time').first();
  await learned.getByText('2026-06-01 17:30:01 UTC+5:30').waitFor();
  await elsewhere.getByRole('button', { name: 'Show UTC' }).click();
  await learned.getByText('2026-06-01 12:00:01 UTC').waitFor();
  await elsewhere.reload();
  await learned.getByText('2026-06-01 12:00:01 UTC').waitFor();
  await context.close();
});

test('the lag of a region is drawn over the last day, and what is missing at the top', async () => {
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
  const image = (hours: number, lagSeconds: number | null) => {
    const [first] = listedImage(1).regions;
    return listedImage(1, { firstSeenAt: hoursAgo(hours), regions: [{ ...first, region: 'eastus', lagSeconds }] });
  };
  showImages(() => [image(1, null), image(12, 30), image(23, 0), image(30, 5)]);
  answers.replicas = () => ({
    ...{ source: 'settings', refreshedAt: hoursAgo(0), stale: false, likelyCauses: [] },
    regions: [
      {
        ...{ region: 'eastus', expected: true, health: 'healthy', provisioningState: null, status: null },
        ...{
          lastWebhookAt: null,
          silent: false,
          unreportedImages: 0,
          missingImages: 1,
          globalRouting: true,
          observedOnly: false,
        },
        webhook: { status: 'unknown', reason: null, checkedAt: null },
        lag: { p50Seconds: 5, p95Seconds: 30, count: 3 },
      },
    ],
  });
  await page.goto(`${tracker.url}/ui#view=replicas`);
  const chart = page.getByRole('img', { name: 'eastus: of 3 images of the last day at most 30 s behind, 1 missing' });
  await chart.waitFor();
  const circles = await chart.locator('circle').all();
  const dots = await Promise.all(
    circles.map(async (circle) => {
      const [x, y, kind] = await Promise.all(['cx', 'cy', 'class'].map((name) => circle.getAttribute(name)));
      return [Number(x), Number(y), kind] as const;
    }),
  );
  const [oldest, middle, newest] = dots;
  expect(dots).toHaveLength(3);
  expect(oldest).toEqual([expect.closeTo(8.5, 0), expect.any(Number), 'is-there']);
  expect(middle?.[0]).toBeCloseTo(80, 0);
  expect(middle?.[1]).toBeLessThan(oldest?.[1] ?? 0);
  expect(newest).toEqual([expect.closeTo(151.5, 0), 2.5, 'is-missing']);
  await page.getByText('last day · distribution').click();
  await page.getByText('10 s to 1 min').waitFor();
});

test('an answer that makes no sense is an outage, and not the end', async () => {
  let isSane = false;
  answers.images = () => (isSane ? { images: [listedImage(1)], next: null } : { pictures: 1 });
  await page.goto(`${tracker.url}/ui`);
  await page.getByRole('alert').getByText('was not understood').waitFor();
  isSane = true;
  await rows().first().waitFor();
  // The cause is for the operator of the tracker.
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
  await page.getByRole('alert').getByText('The tracker answered 400.').waitFor();
  expect(await page.getByLabel('State', { exact: true }).inputValue()).toBe('lost');
  expect(await rows().count()).toBe(0);
  await page.getByRole('button', { name: 'Clear' }).click();
  await rows().first().waitFor();
});

test('a minute in which nothing happens costs few questions, and no answer twice', async () => {
  showImages(() => Array.from({ length: 100 }, (_, index) => listedImage(100 - index)));
  answers.summary = () => ({
    images: { available: 0, replicating: 100, deleting: 0, deleted: 0 },
    ...{ delayed: 0, divergedTags: 0, regions: [], asOf: null },
  });
  await page.clock.install();
  await page.goto(`${tracker.url}/ui`);
  await rows().nth(99).waitFor();
  const [asked, sent] = [tracker.asked.length, tracker.sent.length];
  for (let second = 0; second < 60; second++) {
    await page.clock.runFor(1_000);
    await page.evaluate('new Promise((resolve) => queueMicrotask(resolve))');
  }
  expect(tracker.asked.length - asked).toBeGreaterThan(5);
  expect(tracker.asked.length - asked).toBeLessThan(25);
  expect(tracker.sent.slice(sent).reduce((sum, length) => sum + length, 0)).toBe(0);
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
