/**
 * One image: its state, its arrival in every region on a time line, where its tags point, and the events published
 * about it.
 */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { ReplicaReport } from '../core/query/replica-report.ts';
import type { ShownCheck, ShownForward } from './delivery-tables.ts';
import { createDeliveryTables } from './delivery-tables.ts';
import type { Child } from './dom.ts';
import { make, painted, part, setHidden, setText } from './dom.ts';
import { createEventTable, type ShownEvent } from './event-table.ts';
import { createFamily } from './family.ts';
import { plural, shortDigest, visible } from './format.ts';
import type { UsualLag } from './headline.ts';
import { headline } from './headline.ts';
import { stateNote } from './image-words.ts';
import { liveTime } from './live-times.ts';
import { copyButton, statePill } from './parts.ts';
import { createRegionTimes } from './region-times.ts';
import type { Ask, Page, Screen, Shown } from './screen.ts';
import { createTagTable } from './tag-table.ts';
import { Unanswered } from './tracker.ts';
import type { ShownState } from './words.ts';
import { kindWord, shownState, sourceWord } from './words.ts';

/** Each tag costs a request: the others are requested when the reader opens them. */
const tagsAsked = 8;
const tagsEvery = 5;

/** As `/api/events` answers; an older tracker sends events only. */
interface Sent {
  readonly events: readonly ShownEvent[];
  readonly topicError?: string | null;
  readonly forwards?: readonly ShownForward[];
  readonly checks?: readonly ShownCheck[] | null;
  readonly checksComplete?: boolean;
}

export function imageScreen(page: Page): Screen {
  const regions = createRegionTimes(page.now);
  const family = createFamily(page);
  const tags = createTagTable();
  const events = createEventTable(page);
  const deliveries = createDeliveryTables(page);
  const allTags = part<HTMLButtonElement>('all-tags');
  const paintState = painted(part('image-state'), (value: { state: ShownState; note: string }) => [
    statePill(value.state),
    value.note === '' ? undefined : make('span', { class: 'muted' }, value.note),
  ]);
  const paintFacts = painted(part('image-facts'), (document: AvailabilityDocument) => factsOf(document, page.now()));
  let shownImage: string | undefined;
  let reference = '';
  let title = 'Image';
  let announced: ShownState | undefined;
  let tagFingerprint = '';
  let isAllTags = false;
  let round = 0;
  let usual: UsualLag = new Map();
  let usualOf = '';
  let ofTags: readonly AvailabilityDocument[] = [];

  part('copy-reference').append(copyButton('reference', () => reference));
  allTags.addEventListener('click', () => {
    isAllTags = true;
    tagFingerprint = '';
    page.poke();
  });

  async function refresh({ view: { image, artifacts } }: Shown, ask: Ask): Promise<void> {
    if (image === undefined) return;
    if (image !== shownImage) begin(image);
    const [document, sent] = await Promise.all([
      ask<AvailabilityDocument>('availability', { image, artifacts }),
      ask<Sent>('events', { image }),
    ]);
    show(document);
    family.show(document, image, artifacts);
    const reference = `${document.registry}/${document.repository}@${document.digest}`;
    events.show(sent.events, reference, sent.topicError ?? null);
    deliveries.show(sent.forwards ?? [], sent.checks ?? null, sent.checksComplete ?? true);
    await loadUsualLag(document, ask);
    await refreshTags(document, ask);
    round += 1;
  }

  function begin(image: string): void {
    shownImage = image;
    title = 'Image';
    announced = undefined;
    isAllTags = false;
    tagFingerprint = '';
    ofTags = [];
    round = 0;
    regions.clear();
    tags.show([], null);
    events.show([]);
    deliveries.show([], [], true);
    // Hide the details of the previous image while the name is already that of this one.
    for (const one of [part('image-details'), part('image-state'), part('image-headline')]) setHidden(one, true);
    setText(part('image-title'), visible(image));
  }

  function show(document: AvailabilityDocument): void {
    const { repository, digest, image } = document;
    const state = shownState(document);
    const name = document.tag?.name ?? document.tags[0];
    reference = image;
    setText(part('image-title'), name === undefined ? visible(repository) : `${visible(repository)}:${visible(name)}`);
    setText(part('image-reference'), visible(image));
    title = `${visible(state)} · ${visible(repository)}${digest === null ? '' : ` ${shortDigest(digest)}`}`;
    paintState({ state, note: stateNote(document) });
    paintFacts(document);
    regions.show(document);
    showHeadline(document);
    for (const one of [part('image-details'), part('image-state')]) setHidden(one, false);
    setHidden(part('image-unknown'), document.state !== 'unknown');
    if (announced !== undefined && announced !== state) page.say(`This image is now ${state}.`);
    announced = state;
  }

  function showHeadline(document: AvailabilityDocument): void {
    setText(part('image-headline'), headline(document, usual, page.now(), ofTags));
    setHidden(part('image-headline'), false);
  }

  /** Requests the usual lag of each region of this registry; without it the headline is shorter. */
  async function loadUsualLag(document: AvailabilityDocument, ask: Ask): Promise<void> {
    const isNeeded = document.missing.length > 0 && document.state === 'replicating';
    if (!isNeeded || usualOf === document.registry) return;
    usualOf = document.registry;
    const registry = document.registry;
    const report = await ask<ReplicaReport>('replicas', { registry }).catch((failure: unknown) => {
      if (failure instanceof Unanswered) return undefined;
      usualOf = '';
      throw failure;
    });
    const lags = (report?.regions ?? []).flatMap(({ region, lag }): [string, number][] =>
      lag.p95Seconds === null ? [] : [[region, lag.p95Seconds]],
    );
    usual = new Map(lags);
    showHeadline(document);
  }

  async function refreshTags(document: AvailabilityDocument, ask: Ask): Promise<void> {
    const named = [...new Set([...(document.tag === undefined ? [] : [String(document.tag.name)]), ...document.tags])];
    const asked = isAllTags ? named : named.slice(0, tagsAsked);
    const fingerprint = JSON.stringify([asked, document.regions]);
    setHidden(allTags, asked.length === named.length);
    setText(allTags, `Show all ${plural(named.length, 'tag')}`);
    if (fingerprint === tagFingerprint && round % tagsEvery !== 0) return;
    const lines = await Promise.all(
      asked.map(async (name) => {
        const image = `${document.registry}/${document.repository}:${name}`;
        return { name, document: await ask<AvailabilityDocument>('availability', { image }) };
      }),
    );
    tagFingerprint = fingerprint;
    tags.show(lines, document.digest);
    ofTags = lines.map((line) => line.document);
    showHeadline(document);
  }

  return {
    refresh,
    title: () => title,
    focus: () => part('image-title').focus({ preventScroll: true }),
    clear: () => begin(''),
  };
}

function factsOf(document: AvailabilityDocument, now: number): Child[] {
  const { firstSeenAt, availableAt, announcedAt, mediaType, digest, replicas } = document;
  const ago = (iso: string | null) => (iso === null ? undefined : liveTime('ago', iso, now));
  const kind = kindWord(mediaType) ?? 'image';
  const facts: [string, Child][] = [
    ['First seen', ago(firstSeenAt)],
    ['In every replica', ago(availableAt)],
    ['Event published', ago(announcedAt)],
    ['Kind', mediaType === null ? undefined : make('span', { title: visible(mediaType) }, kind)],
    ['Digest', digest === null ? undefined : make('code', { title: visible(digest) }, shortDigest(digest))],
    ['Region list', `${sourceWord(replicas.source)}${replicas.stale ? ', more than an hour old' : ''}`],
  ];
  return facts.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value ?? 'not yet')));
}
