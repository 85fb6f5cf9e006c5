/**
 * Whether an event about a release is true, and published once: by the reports about its images, and by the requests
 * about releases.
 */
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { ReleaseContent } from '../../src/core/releases/release.ts';
import { isEverywhere, mustHaveAll, pushedOfKind, reasonAgainst } from './artifact-claims.ts';
import type { Case } from './case.ts';
import { clockText, delayedAfterMs } from './case.ts';
import { claimOfAll, mustBeListed, partsFor } from './family-claims.ts';
import { inTheEnd, type View } from './history.ts';
import type { Instance } from './instance.ts';
import type { ReleaseCall, ReleaseEvent } from './release-log.ts';
import { areOver, isSameContent } from './release-log.ts';

const types = {
  available: 'AcrReplication.ReleaseAvailableInAllReplicas',
  delayed: 'AcrReplication.ReleaseDelayed',
} as const;

export function isOfRelease(event: CloudEvent | ReleaseEvent): event is ReleaseEvent {
  return Object.values<string>(types).includes(event.type);
}

function revisionOf({ data }: ReleaseEvent): string {
  return `${data.name}, made ${data.createdAt}, revision ${data.revision}`;
}

/** Longer than all images of a release are read in. */
const readingMs = 30_000;

export function judgeRelease(on: Case, event: ReleaseEvent): void {
  const { published } = on.releases;
  const what = `${event.type.replace('AcrReplication.', '')} of ${revisionOf(event)}`;
  const same = published.filter((one) => one.type === event.type && revisionOf(one) === revisionOf(event));
  const other = published.find((one) => one.id === event.id && !same.includes(one));
  if (same.some(({ id }) => id !== event.id)) on.violate('a release is published once', `${what}, under another id`);
  if (other !== undefined)
    on.violate('a release is published once', `${what} has the id of ${other.type} ${revisionOf(other)}`);
  on.counters.count('releases', `${event.type.replace('AcrReplication.', '')}${same.length > 0 ? ' again' : ''}`);
  published.push(event);

  const images = event.data.images.map(({ image }) => image);
  const asked = on.releases.calls.filter(
    ({ name, content }) =>
      name === event.data.name &&
      content !== undefined &&
      content.images.toSorted().join() === images.toSorted().join(),
  );
  if (asked.length === 0)
    on.violate('a release is published only when it is everywhere', `${what}: no request was for that`);
  const madeAt = Date.parse(event.time);
  const [soonest, latest] = [madeAt - on.clockSpreadMs, madeAt + on.clockSpreadMs];
  if (event.type === types.delayed) {
    const first = Math.min(...asked.map(({ askedAt }) => askedAt)) - on.clockSpreadMs;
    if (latest < first + delayedAfterMs)
      on.violate('a release is published only when it is everywhere', `${what}: too soon`);
    const available = published.find((one) => one.type === types.available && revisionOf(one) === revisionOf(event));
    if (available !== undefined && Date.parse(available.time) + 2 * on.clockSpreadMs < madeAt)
      on.violate('a release is published once', `${what}: it was available before`);
    return;
  }
  const view: View = {
    must: ({ knownAt }) => knownAt !== undefined && knownAt < soonest - readingMs,
    may: ({ reportedAt }) => reportedAt <= latest,
  };
  const isThere = (digest: string | null, regions: readonly Region[], content: ReleaseContent | undefined) => {
    const { artifacts = [], platforms } = content ?? {};
    const image = on.imageOf(digest);
    if (image === undefined) return false;
    const parts = partsFor(on, image, mustBeListed(on, image, soonest - readingMs, latest), platforms);
    if (parts === undefined) return false;
    const mayHave = (kind: string, region: Region, lastAbsentAt: number | undefined) =>
      reasonAgainst(on, image, kind, region, { ...view, lastAbsentAt }, { before: soonest - readingMs }) === undefined;
    const mayCount = (region: Region) =>
      [undefined, on.registry.addedAt(region)].some(
        (lastAbsentAt) =>
          claimOfAll(on, parts, region, { ...view, lastAbsentAt }).mayCount &&
          artifacts.every((kind) => mayHave(kind, region, lastAbsentAt)),
      );
    return regions.filter(mayCount).length >= (content?.require === 'any' ? 1 : regions.length);
  };
  const sets = new Set([...on.setsUsed].flatMap(([at, used]) => (at <= madeAt ? [...used] : [])));
  const isTrue = [...sets].some((text) => {
    const regions = text.split(',').filter(Boolean) as Region[];
    const isEnough = ({ content }: ReleaseCall) =>
      event.data.images.every(({ digest }) => isThere(digest, regions, content));
    return regions.length > 0 && asked.some(isEnough);
  });
  if (!isTrue)
    on.violate('a release is published only when it is everywhere', `${what}, made at ${clockText(madeAt)}: ${images}`);
}

/**
 * The same content again changes nothing, and another content is the next revision: certain if no other call was under
 * way.
 */
export function judgeRepeat(on: Case, call: ReleaseCall): void {
  const before = on.releases.calls.filter((one) => one !== call && one.name === call.name);
  if (call.content === undefined || !areOver(before, call)) return;
  const last = before.at(-1);
  if (last === undefined || last.outcome === undefined) return;
  const outcome =
    last.content === undefined ? 'created' : isSameContent(last.content, call.content) ? 'unchanged' : 'revised';
  if (mayBeForgotten(on, last)) return;
  const revision = last.content === undefined ? 1 : (last.revision?.revision ?? 0) + (outcome === 'revised' ? 1 : 0);
  // A write whose answer was lost finds what it has written.
  if ((call.outcome !== outcome && call.outcome !== 'unchanged') || call.revision?.revision !== revision)
    on.violate(
      'an acknowledged release is kept',
      `${call.name} is ${call.outcome}, revision ${call.revision?.revision}; it ought to be ${outcome}, revision ${revision}`,
    );
}

function mayBeForgotten(on: Case, { askedAt }: ReleaseCall): boolean {
  return on.leaps.some(({ at }) => at > askedAt);
}

/** What one instance answers about each release, at the end, and whether it was published. */
export async function judgeReleases(on: Case, { releases, tracker, label }: Instance): Promise<void> {
  for (const name of new Set(on.releases.calls.map((call) => call.name))) {
    const found = await releases.read(name);
    judgeKept(on, name, found.kind === 'evaluated' ? found.release : undefined, label);
    if (found.kind !== 'evaluated') continue;
    const { release, result } = found;
    const revision = `${name}, made ${new Date(release.createdAt).toISOString()}, revision ${release.revision}`;
    const wasTold = (type: string) =>
      [...on.releases.published, ...(on.refusedForGood.values() as Iterable<CloudEvent | ReleaseEvent>)].some(
        (event) => isOfRelease(event) && event.type === type && revisionOf(event) === revision,
      );
    const regions = tracker.replicaSet(on.settings).replicas.flatMap((one) => (one.expected ? [one.region] : []));
    const isEverywhere = release.images.every((text) => {
      const image = on.imageOf(text.slice(text.indexOf('@') + 1));
      return (
        image !== undefined &&
        regions.every((region) => {
          const parts = partsFor(on, image, true, release.platforms, true);
          const isComplete = parts !== undefined && claimOfAll(on, parts, region, inTheEnd).mustBeThere;
          return isComplete && (release.artifacts ?? []).every((kind) => mustHave(on, image, kind, region));
        })
      );
    });
    const isCertain = on.plan.world.probing !== 'confirm' && on.plan.world.set === 'settings';
    if (isEverywhere && isCertain && result.outcome !== 'satisfied')
      on.violate('an answer is true', `${revision} is everywhere, and ${label} answers ${result.outcome}`);
    if (result.outcome === 'satisfied') on.counters.count('releases', 'satisfied at the end');
    if (result.outcome === 'satisfied' && release.availableAt === null)
      on.violate('what is true is published', `${revision} is everywhere, and ${label} does not say since when`);
    if (release.availableAt !== null && !wasTold(types.available))
      on.violate('what is true is published', `${revision} was never published`);
    if (release.announcedAt !== null && ![...on.releases.published].some((event) => revisionOf(event) === revision))
      on.violate('only what was sent is stored as published', revision);
  }
}

function judgeKept(on: Case, name: string, kept: ReleaseContent | undefined, label: string): void {
  const calls = on.releases.calls.filter((call) => call.name === name);
  const last = calls.at(-1);
  if (last === undefined || last.outcome === undefined || mayBeForgotten(on, last)) return;
  if (!areOver(calls.slice(0, -1), last)) return;
  const { content } = last;
  const isKept = content === undefined || kept === undefined ? content === kept : isSameContent(content, kept);
  if (!isKept)
    on.violate(
      'an acknowledged release is kept',
      `${name} is ${kept?.images}, and ${label} accepted ${content?.images}`,
    );
}

/** All that there is of the kind, and every replica lists it. */
function mustHave(on: Case, image: number, kind: string, region: Region): boolean {
  return (
    mustHaveAll(on, image, kind, region, inTheEnd) &&
    pushedOfKind(on, image, kind).every((one) => isEverywhere(on, one))
  );
}
