/**
 * One release: which regions lack which images, when it became available, and its images × regions, updated at every
 * poll.
 */
import type { ReleaseDocument } from '../core/releases/release-document.ts';
import type { ShownCheck } from './delivery-tables.ts';
import { createCheckTable } from './delivery-tables.ts';
import type { Child } from './dom.ts';
import { make, painted, part, setHidden, setText } from './dom.ts';
import type { ShownEvent } from './event-table.ts';
import { createEventRows } from './event-table.ts';
import { plural, visible } from './format.ts';
import { fixedTime, liveTime } from './live-times.ts';
import { createMatrix } from './matrix.ts';
import { statePill } from './parts.ts';
import { progressOf, releaseHeadline, releaseState } from './release-words.ts';
import type { Ask, Page, Screen, Shown } from './screen.ts';
import { Unanswered } from './tracker.ts';
import type { ShownState } from './words.ts';

/** As `/api/events` answers. */
interface Sent {
  readonly events: readonly ShownEvent[];
  readonly checks: readonly ShownCheck[] | null;
  readonly checksComplete: boolean;
}

/** Deliveries are requested less often than the state of the images. */
const sentEveryMs = 10_000;

export function releaseScreen(page: Page): Screen {
  const showEvents = createEventRows(page, {
    place: 'release-events',
    none: 'no-release-events',
    caption: 'Events published about this revision: those not accepted yet, then the newest',
  });
  const showChecks = createCheckTable(page, {
    place: 'release-checks',
    none: 'no-release-checks',
    caption: 'Deployment checks that named this release, newest first',
    named: 'this release',
  });
  const matrix = createMatrix(
    part('release-matrix'),
    page.now,
    'Images of this release, and since when each region has them',
  );
  const paintState = painted<{ state: ShownState; note: string }>(part('release-state'), ({ state, note }) => [
    statePill(state),
    make('span', { class: 'muted' }, note),
  ]);
  const paintFacts = painted<Omit<ReleaseDocument, 'images'>>(part('release-facts'), (release) =>
    factsOf(release, page.now()),
  );
  let shown: string | undefined;
  let announced: ShownState | undefined;
  let title = 'Release';
  let sentAt = Number.NEGATIVE_INFINITY;

  async function refresh({ view: { release } }: Shown, ask: Ask): Promise<void> {
    if (release === undefined) return;
    if (release !== shown) begin(release);
    const document = await ask<ReleaseDocument>(`releases/${encodeURIComponent(release)}`, {}).catch(
      (failure: unknown) => {
        // The release shown before is gone.
        if (failure instanceof Unanswered && failure.refusal === 'question') begin(release);
        throw failure;
      },
    );
    const before = announced;
    show(document);
    if (page.now() - sentAt < sentEveryMs && before === announced) return;
    sentAt = page.now();
    const sent = await ask<Sent>('events', { release }).catch((failure: unknown) => {
      // The images are shown without it.
      if (failure instanceof Unanswered) return undefined;
      throw failure;
    });
    if (sent === undefined) {
      for (const none of ['no-release-events', 'no-release-checks']) setText(part(none), 'Could not be read just now.');
      return;
    }
    setText(part('no-release-events'), 'Nothing has been published about this revision yet.');
    showEvents(sent.events);
    showChecks(sent.checks, sent.checksComplete);
  }

  function begin(release: string): void {
    shown = release;
    announced = undefined;
    title = 'Release';
    sentAt = Number.NEGATIVE_INFINITY;
    showEvents([]);
    showChecks([], true);
    for (const none of ['no-release-events', 'no-release-checks']) setText(part(none), 'Loading');
    setText(part('release-title'), visible(release));
    for (const one of [part('release-details'), part('release-state'), part('release-headline')]) setHidden(one, true);
  }

  function show(document: ReleaseDocument): void {
    const { name, images, ...rest } = document;
    const { complete, of, state: together } = progressOf(document);
    const state = releaseState({ ...document, state: together });
    title = `${state} · ${visible(name)}`;
    paintState({ state, note: `${complete} of ${plural(of, 'image')}` });
    setText(part('release-headline'), releaseHeadline(document));
    paintFacts({ name, ...rest });
    // Two images of the release may have become the same digest.
    const placed = images.map((image, place) => ({
      ...image,
      place,
      ...(image.delayed && !image.satisfied ? { attention: 'delayed' as const } : {}),
    }));
    // Missing images first: readers look for those.
    matrix.show([...placed.filter((image) => !image.satisfied), ...placed.filter((image) => image.satisfied)]);
    for (const one of [part('release-details'), part('release-state'), part('release-headline')]) setHidden(one, false);
    if (announced !== undefined && announced !== state) page.say(`This release is now ${state}.`);
    announced = state;
  }

  return {
    refresh,
    title: () => title,
    focus: () => part('release-title').focus({ preventScroll: true }),
    clear() {
      begin('');
      matrix.show([]);
    },
  };
}

function factsOf(release: Omit<ReleaseDocument, 'images'>, now: number): Child[] {
  const { revision, createdAt, availableAt, announcedAt, delayed, requirement, artifacts, platforms } = release;
  const at = (iso: string | null) => (iso === null ? 'not yet' : fixedTime(iso, now));
  const facts: [string, Child][] = [
    ['Revision', String(revision)],
    ['Created', liveTime('ago', createdAt, now)],
    ['Available', at(availableAt)],
    ['Event published', at(announcedAt)],
    ['Late', delayed ? 'yes' : 'no'],
    ['Must be in', mustBeIn(requirement)],
    ...(artifacts === undefined ? [] : [['Must have', artifacts.map(visible).join(', ')] as [string, Child]]),
    ...(platforms === undefined ? [] : [['Platforms', platforms.map(visible).join(', ')] as [string, Child]]),
  ];
  return facts.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value)));
}

function mustBeIn({ regions, require }: ReleaseDocument['requirement']): string {
  if (require === 'all') return plural(regions.length, 'region');
  return `${require === 'any' ? 1 : require} of ${plural(regions.length, 'region')}`;
}
