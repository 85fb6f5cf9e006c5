/**
 * The live page: connects the address, the tracker, the screens and the clock. It polls the tracker; all data comes
 * from the tracker's answers, and all choices of the reader are in the address.
 */

import { createAnnouncer } from './announcer.ts';
import { createConnection } from './connection.ts';
import { make, painted, part, setAttribute, setHidden } from './dom.ts';
import { visible } from './format.ts';
import type { View } from './hash-state.ts';
import { findRegistry, formatHash, parseHash } from './hash-state.ts';
import { imageScreen } from './image-screen.ts';
import { imagesScreen } from './images-screen.ts';
import { createKeyForm } from './key-form.ts';
import { watchKeyboard } from './keyboard.ts';
import { updateLiveTimes } from './live-times.ts';
import { copyButton } from './parts.ts';
import { createPoller } from './poller.ts';
import type { RegistryName } from './registry-name.ts';
import { releaseScreen } from './release-screen.ts';
import { releasesScreen } from './releases-screen.ts';
import { replicasScreen } from './replicas-screen.ts';
import type { Ask, Page, Screen } from './screen.ts';
import { createTracker, Unanswered } from './tracker.ts';
import { waitingScreen } from './waiting-screen.ts';
import { createZoneSwitch } from './zone.ts';

const name = 'Replication tracker';
const tracker = createTracker({
  base: new URL(location.pathname.replace(/ui\/?$/i, 'api/'), location.origin).href,
  key: () => keys.key(),
  fetch: (input, init) => fetch(input, init),
  now: Date.now,
});
const connection = createConnection(Date.now);
const keys = createKeyForm(sessionStorage, (change) => {
  // Nothing that the key has shown stays in the page, neither visible nor hidden.
  if (change === 'forgotten') location.reload();
  else poller.poke();
});
const page: Page = {
  now: tracker.now,
  go(change, isSameStep = false) {
    const hash = formatHash({ ...view, image: undefined, artifacts: undefined, release: undefined, ...change });
    if (!isSameStep) location.hash = hash;
    else {
      history.replaceState(null, '', hash);
      changeView();
    }
  },
  send: tracker.send,
  poke: () => poller.poke(),
  say: createAnnouncer(),
};
const list = imagesScreen(page);
const screens: Record<View['screen'], Screen> = {
  images: list,
  image: imageScreen(page),
  releases: releasesScreen(page),
  release: releaseScreen(page),
  waiting: waitingScreen(page),
  replicas: replicasScreen(page),
};
const poller = createPoller({ ask: refresh, isSeen: () => document.visibilityState === 'visible', now: Date.now });

const paintTracked = painted<readonly (readonly [href: string, loginServer: string])[]>(
  part('tracked-registries'),
  (links) => links.map(([href, loginServer]) => make('li', {}, make('a', { href }, visible(loginServer)))),
);

let view = parseHash(location.hash);
let registries: readonly RegistryName[] = [];
/** The address of the list as the reader left it, to return to. */
let listHash = '#';
let listScroll = 0;
let opened: Element | null = null;

async function refresh(signal: AbortSignal): Promise<'answered' | 'unchanged' | 'failed' | 'wait'> {
  const before = tracker.changes();
  const ask: Ask = (route, query) => tracker.ask(route, query, signal);
  try {
    // An unknown registry may have been added since the list was requested.
    if (findRegistry(registries, view) === undefined) await loadRegistries(ask);
    const registry = findRegistry(registries, view);
    showTracked(registry === undefined ? registries : []);
    if (registry === undefined) throw new Unanswered('question', describeNoRegistry());
    await screens[view.screen].refresh({ view, registry }, ask);
    // Rows that did not change were drawn at another moment.
    updateLiveTimes(tracker.now());
    keys.done();
    connection.answered();
    setHidden(part('screens'), false);
    setHidden(part('skeleton'), true);
    showTitle();
    return tracker.changes() === before ? 'unchanged' : 'answered';
  } catch (failure) {
    return signal.aborted ? 'wait' : explain(failure);
  }
}

async function loadRegistries(ask: Ask): Promise<void> {
  const answer = await ask<{ registries: readonly RegistryName[] }>('registries', {});
  list.offerRegistries(answer.registries);
  registries = answer.registries;
}

function isUnknownRegistry(): boolean {
  return registries.length > 0 && findRegistry(registries, view) === undefined;
}

function describeNoRegistry(): string {
  return isUnknownRegistry() ? `Registry "${view.registry}" is not tracked here.` : 'No registry is tracked here.';
}

/** Links to the registries that are tracked. */
function showTracked(offered: readonly RegistryName[]): void {
  paintTracked(offered.map(({ name: registry, loginServer }) => [formatHash({ ...view, registry }), loginServer]));
  setHidden(part('tracked'), offered.length === 0);
}

function explain(failure: unknown): 'answered' | 'failed' | 'wait' {
  if (!(failure instanceof Unanswered)) console.error(failure);
  const refusal = failure instanceof Unanswered ? failure.refusal : 'away';
  setHidden(part('skeleton'), true);
  if (refusal === 'key') {
    setHidden(part('screens'), true);
    showTracked([]);
    connection.waiting();
    keys.request();
    return 'wait';
  }
  if (refusal === 'question' && failure instanceof Unanswered) {
    keys.done();
    setHidden(part('screens'), isUnknownRegistry());
    connection.refused(failure.message);
    showTitle();
    return 'answered';
  }
  connection.lost(failure instanceof Unanswered ? failure.message : 'The answer was not understood.');
  showTitle();
  return 'failed';
}

function showTitle(): void {
  const what = isUnknownRegistry() ? 'Unknown registry' : screens[view.screen].title();
  const title = `${connection.isLost() ? 'Unreachable · ' : ''}${what} · ${name}`;
  if (document.title !== title) document.title = title;
}

/** Draws everything again. */
function forgetAll(): void {
  tracker.forget();
  for (const screen of Object.values(screens)) screen.clear();
  registries = [];
}

function showScreen(): void {
  // Data of one registry must not be shown at the address of another.
  if (isUnknownRegistry()) setHidden(part('screens'), true);
  for (const screen of Object.keys(screens)) setHidden(part(screen), view.screen !== screen);
  for (const link of ['images', 'releases', 'waiting', 'replicas'] as const) {
    setAttribute(part(`to-${link}`), 'aria-current', view.screen === link ? 'page' : undefined);
  }
  setAttribute(part('to-images'), 'href', view.screen === 'images' ? location.hash || '#' : listHash);
  setAttribute(part('back-to-list'), 'href', listHash);
  for (const screen of ['waiting', 'replicas'] as const) {
    const href = formatHash({ ...parseHash(`#view=${screen}`), registry: view.registry });
    setAttribute(part(`to-${screen}`), 'href', href);
  }
}

function changeView(): void {
  const before = view.screen;
  if (before === 'images') {
    listScroll = scrollY;
    opened = document.activeElement;
  }
  view = parseHash(location.hash);
  if (view.screen === 'images') listHash = location.hash || '#';
  showScreen();
  if (before !== view.screen) moveFocus(before);
  poller.poke();
}

/** Back in the list, focus the row that was opened; otherwise the heading of the opened screen. */
function moveFocus(before: View['screen']): void {
  const isBack = view.screen === 'images' && before === 'image' && opened instanceof HTMLElement && opened.isConnected;
  scrollTo(0, isBack ? listScroll : 0);
  if (isBack && opened instanceof HTMLElement) opened.focus({ preventScroll: true });
  else screens[view.screen].focus();
}

addEventListener('hashchange', changeView);
document.addEventListener('visibilitychange', () => poller.seen());
addEventListener('online', () => poller.poke());
part('try-now').addEventListener('click', () => poller.poke());
part('skip').addEventListener('click', (event) => {
  event.preventDefault();
  part('main').focus();
});
watchKeyboard(() => {
  if (view.screen !== 'images') location.hash = view.screen === 'release' ? '#view=releases' : listHash;
});
part('copy-link').append(copyButton('link to this view', () => location.href, 'Copy link'));
createZoneSwitch(part<HTMLButtonElement>('zone'), () => {
  forgetAll();
  poller.poke();
});
setInterval(() => document.visibilityState === 'visible' && updateLiveTimes(tracker.now()), 1_000);
history.scrollRestoration = 'manual';
if (view.screen === 'images') listHash = location.hash || '#';
showScreen();
poller.poke();
