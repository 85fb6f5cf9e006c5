/**
 * One image: its state, its arrival in every region on a time line, where its tags point, and the events published
 * about it.
 */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { ShownCheck, ShownForward } from './delivery-tables.ts';
import { createDeliveryTables } from './delivery-tables.ts';
import { make, painted, part, setHidden, setText } from './dom.ts';
import { createEventTable, type ShownEvent } from './event-table.ts';
import { createFamily } from './family.ts';
import { plural, shortDigest, visible } from './format.ts';
import type { HeadlinePart } from './headline.ts';
import { headline } from './headline.ts';
import { createExtras, readSimilar } from './image-extras.ts';
import type { Moved } from './image-facts.ts';
import { factsOf, movedParts, movedTags, similarParts } from './image-facts.ts';
import { stateNote } from './image-words.ts';
import { liveTime } from './live-times.ts';
import type { Parent } from './parents.ts';
import { asPart, readParents } from './parents.ts';
import { answerPill, copyButton, statePill } from './parts.ts';
import { createRegionTimes } from './region-times.ts';
import type { Ask, Page, Screen, Shown } from './screen.ts';
import type { Answer } from './shortfall.ts';
import { answerOf } from './shortfall.ts';
import { tagsOf } from './tag-pointers.ts';
import { createTagTable } from './tag-table.ts';

/** Each tag costs a request: the others are requested when the reader opens them. */
const tagsAsked = 8;
const tagsEvery = 5;

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
  const extras = createExtras(page.now);
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
  const paintFacts = painted(
    part('image-facts'),
    ({ document, parents }: { document: AvailabilityDocument; parents: readonly Parent[] }) =>
      factsOf(document, parents, page.now()),
  );
  let shownImage: string | undefined;
  let reference = '';
  let title = 'Image';
  let announced: string | undefined;
  let tagFingerprint = '';
  let isAllTags = false;
  let round = 0;
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
    const [answer, sent] = await Promise.all([
      ask<AvailabilityDocument>('availability', { image, artifacts }),
      ask<Sent>('events', { image }),
    ]);
    const parents = await readParents(ask, answer);
    const document = asPart(answer, parents);
    show(document, parents);
    family.show(document, parents, image, artifacts);
    if (document.state === 'unknown' && round % tagsEvery === 0) {
      const similar = await readSimilar(document, ask);
      paintSimilar(similar);
      setHidden(part('image-similar'), similar.length === 0);
    }
    const reference = `${document.registry}/${document.repository}@${document.digest}`;
    events.show(sent.events, reference, sent.topicError ?? null);
    deliveries.show(sent.forwards ?? [], sent.checks ?? null, sent.checksComplete ?? true);
    if (await extras.loadUsualLag(document, ask)) showHeadline(document);
    await refreshTags(document, tagsOf(document, sent.tags ?? []), ask);
    if (await extras.loadAttached(document, ask)) showHeadline(document);
    round += 1;
  }

  function begin(image: string): void {
    shownImage = image;
    title = 'Image';
    announced = undefined;
    isAllTags = false;
    tagFingerprint = '';
    ofTags = [];
    extras.begin();
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

  function show(document: AvailabilityDocument, parents: readonly Parent[]): void {
    const { repository, digest, image } = document;
    const state = answerOf(document).words;
    const name = document.tag?.name ?? document.tags[0];
    reference = image;
    setText(part('image-title'), name === undefined ? visible(repository) : `${visible(repository)}:${visible(name)}`);
    setText(part('image-reference'), visible(image));
    title = `${visible(state)} · ${visible(repository)}${digest === null ? '' : ` ${shortDigest(digest)}`}`;
    showState(document);
    paintFacts({ document, parents });
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
    paintHeadline(headline(document, page.now(), { ...extras.known(), ofTags }));
    setHidden(part('image-headline'), false);
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
