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
import { artifactBoxes, createFamily } from './family.ts';
import { plural, shortDigest, visible } from './format.ts';
import { formatHash, parseHash } from './hash-state.ts';
import type { HeadlinePart, UsualLag } from './headline.ts';
import { headline } from './headline.ts';
import { stateNote } from './image-words.ts';
import { liveTime } from './live-times.ts';
import { answerPill, copyButton, statePill } from './parts.ts';
import { createRegionTimes } from './region-times.ts';
import type { Ask, Page, Screen, Shown } from './screen.ts';
import type { Answer } from './shortfall.ts';
import { answerOf } from './shortfall.ts';
import { tagsOf } from './tag-pointers.ts';
import { createTagTable } from './tag-table.ts';
import { Unanswered } from './tracker.ts';
import { kindWord, sourceWord } from './words.ts';

/** Each tag costs a request: the others are requested when the reader opens them. */
const tagsAsked = 8;
const tagsEvery = 5;
/** The tracker asks the registry for it. */
const attachedEveryMs = 60_000;
const maxSimilar = 5;
/** Letters of a name that names with a typing error have in common. */
const nameStart = 4;

/** As `/api/events` answers; an older tracker sends events only. */
interface Sent {
  readonly tags?: readonly string[];
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
  const paintState = painted(part('image-state'), (value: { answer: Answer; note: string; isDiverged: boolean }) => [
    answerPill(value.answer),
    value.note === '' ? undefined : make('span', { class: 'muted' }, value.note),
    value.isDiverged && value.answer.look !== 'diverged' ? statePill('diverged') : undefined,
  ]);
  // The time of a wait goes on between two answers, as in the table.
  const paintHeadline = painted<readonly HeadlinePart[]>(part('image-headline'), (parts) =>
    parts.map((one) => (typeof one === 'string' ? one : liveTime('waiting', one.waitingSince, page.now()))),
  );
  const paintMoved = painted<readonly Moved[]>(part('image-moved'), movedParts);
  const paintSimilar = painted<readonly AvailabilityDocument[]>(part('image-similar'), similarParts);
  const paintFacts = painted(part('image-facts'), (document: AvailabilityDocument) => factsOf(document, page.now()));
  let shownImage: string | undefined;
  let reference = '';
  let title = 'Image';
  let announced: string | undefined;
  let tagFingerprint = '';
  let isAllTags = false;
  let round = 0;
  let usual: UsualLag = new Map();
  let usualOf = '';
  let ofTags: readonly AvailabilityDocument[] = [];
  let attached: AvailabilityDocument | undefined;
  let attachedAt = Number.NEGATIVE_INFINITY;

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
    if (document.state === 'unknown') await loadSimilar(document, ask);
    const reference = `${document.registry}/${document.repository}@${document.digest}`;
    events.show(sent.events, reference, sent.topicError ?? null);
    deliveries.show(sent.forwards ?? [], sent.checks ?? null, sent.checksComplete ?? true);
    await loadUsualLag(document, ask);
    await refreshTags(document, tagsOf(document, sent.tags ?? []), ask);
    await loadAttached(document, ask);
    round += 1;
  }

  function begin(image: string): void {
    shownImage = image;
    title = 'Image';
    announced = undefined;
    isAllTags = false;
    tagFingerprint = '';
    ofTags = [];
    attached = undefined;
    attachedAt = Number.NEGATIVE_INFINITY;
    round = 0;
    regions.clear();
    tags.loading();
    events.show([]);
    deliveries.show([], [], true);
    // Hide the details of the previous image while the name is already that of this one.
    for (const one of [part('image-details'), part('image-state'), part('image-headline')]) setHidden(one, true);
    for (const one of [part('image-moved'), part('image-similar')]) setHidden(one, true);
    setText(part('image-title'), visible(image));
  }

  function show(document: AvailabilityDocument): void {
    const { repository, digest, image } = document;
    const state = answerOf(document).words;
    const name = document.tag?.name ?? document.tags[0];
    reference = image;
    setText(part('image-title'), name === undefined ? visible(repository) : `${visible(repository)}:${visible(name)}`);
    setText(part('image-reference'), visible(image));
    title = `${visible(state)} · ${visible(repository)}${digest === null ? '' : ` ${shortDigest(digest)}`}`;
    showState(document);
    paintFacts(document);
    regions.show(document);
    showHeadline(document);
    for (const one of [part('image-details'), part('image-state')]) setHidden(one, false);
    setHidden(part('image-unknown'), document.state !== 'unknown');
    setHidden(part('image-known'), document.state === 'unknown');
    if (document.state !== 'unknown') setHidden(part('image-similar'), true);
    if (announced !== undefined && announced !== state) page.say(`This image is now ${state}.`);
    announced = state;
  }

  function showState(document: AvailabilityDocument): void {
    const isDiverged = ofTags.some(({ tag }) => tag?.state === 'diverged');
    paintState({ answer: answerOf(document), note: stateNote(document), isDiverged });
  }

  function showHeadline(document: AvailabilityDocument): void {
    paintHeadline(headline(document, page.now(), { usual, ofTags, attached }));
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

  /** Requests what is attached to the image and not part of the question: the sentence names where it is missing. */
  async function loadAttached(document: AvailabilityDocument, ask: Ask): Promise<void> {
    if (document.state !== 'available' && document.state !== 'replicating') return;
    if (page.now() - attachedAt < attachedEveryMs) return;
    attachedAt = page.now();
    const { image } = document;
    attached = await ask<AvailabilityDocument>('availability', { image, artifacts: artifactBoxes.join() }).catch(
      // The image is shown without it.
      (failure: unknown) => {
        if (failure instanceof Unanswered) return undefined;
        throw failure;
      },
    );
    showHeadline(document);
  }

  /** Lists images whose names are like that of an unknown one. */
  async function loadSimilar({ registry, repository }: AvailabilityDocument, ask: Ask): Promise<void> {
    if (round % tagsEvery !== 0) return;
    const name = repository.slice(repository.lastIndexOf('/') + 1);
    let found: readonly AvailabilityDocument[] = [];
    for (const q of new Set([repository, name, name.slice(0, nameStart)])) {
      if (found.length > 0 || q.length < nameStart) continue;
      const limit = String(maxSimilar);
      found = await ask<{ images: readonly AvailabilityDocument[] }>('images', { registry, q, limit }).then(
        ({ images }) => images,
        (failure: unknown) => {
          if (failure instanceof Unanswered) return [];
          throw failure;
        },
      );
    }
    paintSimilar(found);
    setHidden(part('image-similar'), found.length === 0);
  }

  async function refreshTags(document: AvailabilityDocument, named: readonly string[], ask: Ask): Promise<void> {
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
    tags.show(lines, document);
    ofTags = lines.map((line) => line.document);
    showState(document);
    showHeadline(document);
    const moved = document.tag === undefined ? movedTags(ofTags, document.digest) : [];
    paintMoved(moved);
    setHidden(part('image-moved'), moved.length === 0);
  }

  return {
    refresh,
    title: () => title,
    focus: () => part('image-title').focus({ preventScroll: true }),
    clear: () => begin(''),
  };
}

interface Moved {
  readonly name: string;
  readonly image: string;
  readonly digest: string;
}

function movedTags(ofTags: readonly AvailabilityDocument[], digest: string | null): Moved[] {
  return ofTags.flatMap(({ tag, digest: newest, image }) =>
    tag?.regions.some((one) => one.digest === newest) && newest !== null && newest !== digest
      ? [{ name: tag.name, image, digest: newest }]
      : [],
  );
}

/** Links to the images that the tags point at by now. */
function movedParts(moved: readonly Moved[]): Child[] {
  return moved.flatMap(({ name, image, digest }, place) => [
    `${place === 0 ? '' : ' · '}Newest image of ${visible(name)}: `,
    imageLink(image, make('code', { title: visible(digest) }, shortDigest(digest))),
  ]);
}

function similarParts(images: readonly AvailabilityDocument[]): Child[] {
  const names = images.map(({ image, repository, tags: [tag], digest }) =>
    imageLink(image, visible(`${repository}${tag === undefined ? `@${shortDigest(digest ?? '')}` : `:${tag}`}`)),
  );
  return ['Images with such a name: ', ...names.flatMap((link, place) => (place === 0 ? [link] : [', ', link]))];
}

function imageLink(image: string, text: Child): HTMLElement {
  return make('a', { href: formatHash({ ...parseHash(''), screen: 'image', image }) }, text);
}

function factsOf(document: AvailabilityDocument, now: number): Child[] {
  const { firstSeenAt, availableAt, announcedAt, mediaType, digest, replicas } = document;
  const ago = (iso: string | null) => (iso === null ? undefined : liveTime('ago', iso, now));
  const kind = kindWord(mediaType) ?? 'image';
  const facts: [string, Child][] = [
    ['First seen', ago(firstSeenAt)],
    ['In every replica', ago(availableAt)],
    ['Event published', ago(announcedAt)],
    ['Kind', mediaType === null ? 'not known' : make('span', { title: visible(mediaType) }, kind)],
    ['Digest', digest === null ? undefined : make('code', { title: visible(digest) }, shortDigest(digest))],
    ['Region list', `${sourceWord(replicas.source)}${replicas.stale ? ', more than an hour old' : ''}`],
  ];
  return facts.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value ?? 'not yet')));
}
