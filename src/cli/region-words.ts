/**
 * What each region has of what was asked for. A region can have the image and lack what was asked for with it: a signature, the
 * manifest of a platform, or the tag. To call it available would be wrong.
 */
import { words } from '../core/image/wait-words.ts';
import type { Answer, MemberAnswer, RegionAnswer } from './document.ts';
import { formatLag } from './duration.ts';

/** Whether the region has all that was asked for; of a region that was not asked about, whether it has the image. */
export function isThere(answer: Answer, { region, state }: RegionAnswer): boolean {
  if (answer.missing.includes(region)) return false;
  // It counts although a manifest is missing there: one of a platform that was not asked for.
  const isNarrowed = answer.asked.includes(region) && membersMissingIn(answer, region).length > 0;
  return state === 'available' || (isNarrowed && state !== 'unverified');
}

/** `available`, `missing`, `missing signature`, `diverged, prod is 60c1d2a3b4c5`. */
export function regionState(answer: Answer, region: RegionAnswer): string {
  if (isThere(answer, region)) return 'available';
  const { tag } = answer;
  const parts = partsMissingIn(answer, region);
  const other = otherDigest(answer, region.region);
  const pointer = tag === undefined || other === undefined ? undefined : `${tag.name} is ${shortDigest(other)}`;
  if (parts.length > 0) {
    const missing = `missing ${parts.join(', ')}`;
    return pointer === undefined ? missing : `${missing}, ${pointer}`;
  }
  if (region.state !== 'available' || !answer.missing.includes(region.region)) {
    return pointer === undefined ? region.state : `${region.state}, ${pointer}`;
  }
  return pointer === undefined
    ? 'available, but not as asked for'
    : `${tag?.state === 'diverged' ? 'diverged' : 'converging'}, ${pointer}`;
}

/** `available, 1.5 s after the first`: the state, and how far behind the first region. */
export function describeRegion(answer: Answer, region: RegionAnswer): string {
  const state = regionState(answer, region);
  if (state !== 'available' || region.lagSeconds === undefined) return state;
  return region.lagSeconds === 0 ? 'available, first' : `available, ${lagText(region)} after the first`;
}

/** Empty where it is not known. */
export function lagText({ lagSeconds, isFoundLate }: RegionAnswer): string {
  if (lagSeconds === undefined) return '';
  const lag = formatLag(lagSeconds);
  return isFoundLate && lagSeconds > 0 ? `at most ${lag}` : lag;
}

/** The state of an image as it was asked for: not available where a signature or the tag is missing. */
export function requestedState(answer: Answer): string {
  const { state, delayed, satisfied, tag } = answer;
  if (state === 'replicating') return delayed ? 'delayed' : state;
  if (state !== 'available' || satisfied || answer.missing.length === 0) return state;
  const isPart = answer.regions.some((region) => partsMissingIn(answer, region).length > 0);
  return isPart || tag === undefined || tag.state === 'converged' ? 'missing' : tag.state;
}

/** The regions asked about that lack something, those that lack the same together: `uksouth`, `signature in eastus, westeurope`. */
export function missingWords(answer: Answer): string[] {
  const gone = deletedWords(answer);
  if (gone !== undefined) return [gone];
  const { whole, partly } = missingRegions(answer);
  return [...whole, ...partly];
}

/** In a cell: `uksouth, westus; signature in eastus`. */
export function missingCell(answer: Answer): string {
  if (answer.state === 'unknown' && answer.missing.length === answer.asked.length) return 'every region';
  if (isBeingDeleted(answer)) return listIf('still in', regionsLeft(answer)).join('');
  const { whole, partly } = missingRegions(answer);
  return [...(whole.length === 0 ? [] : [whole.join(', ')]), ...partly].join('; ');
}

/** In a sentence: `missing in uksouth; missing signature in eastus, westeurope`. */
export function missingSentence(answer: Answer): string {
  const { whole, partly } = missingRegions(answer);
  const first = whole.length === 0 ? [] : [`in ${whole.join(', ')}`];
  return [...first, ...partly].map((text) => `missing ${text}`).join('; ');
}

function missingRegions(answer: Answer): { whole: string[]; partly: string[] } {
  const groups = Map.groupBy(answer.missing, (name) => {
    const region = answer.regions.find((one) => one.region === name);
    if (region === undefined) return '';
    const parts = partsMissingIn(answer, region);
    const isElsewhere = region.state === 'available' && otherDigest(answer, name) !== undefined;
    return [...parts, ...(isElsewhere ? [`tag ${answer.tag?.name}`] : [])].join(' and ');
  });
  const parts = [...groups].filter(([lacks]) => lacks !== '');
  return {
    whole: groups.get('') ?? [],
    partly: parts.map(([lacks, regions]) => `${lacks} in ${regions.join(', ')}`),
  };
}

/**
 * One line for each part of the image: `linux/arm64: missing in brazilsouth`.
 * @param platforms that were asked for, as they were written
 */
export function partLines(answer: Answer, platforms: string | undefined): string[] {
  const { asked, artifacts, members, regions } = answer;
  const line = (part: string, missing: readonly string[]) => {
    const where = missing.length === asked.length && asked.length > 1 ? 'every region' : missing.join(', ');
    return `${part}: ${missing.length === 0 ? `in ${asked.length} of ${countRegions(asked)}` : `missing in ${where}`}`;
  };
  const partly = (member: MemberAnswer) =>
    member.missing.filter((region) => membersMissingIn(answer, region).includes(member));
  const listed = Map.groupBy(
    members.filter((member) => member.kind !== 'artifact' && partly(member).length > 0),
    (member) => partly(member).join(', '),
  );
  const incomplete = regions.filter(({ region, state }) => answer.missing.includes(region) && state !== 'available');
  return [
    ...[...listed].map(([names, some]) => `${some.map(nameOfMember).join(', ')}: missing in ${names}`),
    ...(platforms === undefined
      ? []
      : [
          line(
            `with ${platforms} alone`,
            incomplete.map(({ region }) => region),
          ),
        ]),
    ...artifacts.map(({ kind, known, missing }) =>
      known ? line(kind, missing) : `${kind}: unknown, what is attached could not be read`,
    ),
  ];
}

function countRegions({ length }: readonly string[]): string {
  return `${length} ${length === 1 ? 'region' : 'regions'}`;
}

/**
 * `tag prod: diverged; japaneast, uksouth resolve it to sha256:60c1d2a3b4c5`, or of a tag that regions lose with their image, for
 * which the tracker has no state of its own: `tag prod: being deleted; still in eastus; deleted in japaneast, uksouth`.
 */
export function tagLine(answer: Answer): string[] {
  const { tag, asked } = answer;
  if (tag === undefined) return [];
  const others = Map.groupBy(
    asked.filter((region) => otherDigest(answer, region) !== undefined),
    (region) => otherDigest(answer, region) ?? '',
  );
  const elsewhere = [...others].map(
    ([digest, regions]) =>
      `${regions.join(', ')} ${regions.length === 1 ? 'resolves' : 'resolve'} it to sha256:${shortDigest(digest)}`,
  );
  const here = asked.filter((region) => tag.digests?.get(region) === answer.digest);
  const isDeleted = (name: string) =>
    answer.regions.some(({ region, state }) => region === name && state === 'deleted');
  const without = tag.digests === undefined ? [] : asked.filter((region) => !tag.digests?.has(region));
  const lost = without.filter(isDeleted);
  const rest = [
    ...listIf('deleted in', lost),
    ...listIf(
      'not reported by',
      without.filter((region) => !isDeleted(region)),
    ),
  ];
  if (isBeingDeleted(answer) && elsewhere.length === 0 && lost.length > 0) {
    const left = here.length === 0 ? [] : ['being deleted', ...listIf('still in', here)];
    return [`tag ${tag.name}: ${[...left, ...rest].join('; ')}`];
  }
  // None has reported it: `unknown` says that of all of them.
  if (!tag.digests?.size) return [`tag ${tag.name}: ${tag.state}`];
  const count =
    elsewhere.length + without.length === 0
      ? ''
      : `, ${here.length} of ${asked.length} regions resolve it to this digest`;
  return [[`tag ${tag.name}: ${tag.state}${count}`, ...elsewhere, ...rest].join('; ')];
}

function listIf(words: string, regions: readonly string[]): string[] {
  return regions.length === 0 ? [] : [`${words} ${regions.join(', ')}`];
}

function isBeingDeleted({ state }: Answer): boolean {
  return state === 'deleting' || state === 'deleted';
}

/** Of an image that time does not bring: `being deleted: deleted in 7 regions, still in 5`; `undefined` of any other. */
export function deletedWords(answer: Answer): string | undefined {
  if (answer.satisfied || !isBeingDeleted(answer)) return undefined;
  if (answer.state === 'deleted') return words.deleted;
  const deleted = answer.regions.filter(({ state }) => state === 'deleted').length;
  const where = `${deleted} ${deleted === 1 ? 'region' : 'regions'}`;
  return `being deleted: deleted in ${where}, still in ${regionsLeft(answer).length}`;
}

/** Regions that still have an image that is being deleted: few, and more to the point than those that have lost it. */
export function regionsLeft({ regions }: Answer): string[] {
  return regions.filter(({ state }) => state === 'available' || state === 'unverified').map(({ region }) => region);
}

/** `available (not waited for)`. */
export function regionCell(answer: Answer, region: RegionAnswer): string {
  const state = regionState(answer, region);
  return region.required ? state : `${state} (${words.notWaitedFor})`;
}

/** As many digits as others show; enough to look for it. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

/** What a region lacks that has the rest: kinds of artifacts, platforms, the tag. */
function partsMissingIn(answer: Answer, region: RegionAnswer): string[] {
  const { region: name, state } = region;
  if (!answer.missing.includes(name)) return [];
  const members = [...new Set(membersMissingIn(answer, name).map(nameOfMember))];
  if (state !== 'available') return members;
  const { tag } = answer;
  const kinds = answer.artifacts.filter(({ missing }) => missing.includes(name)).map(({ kind }) => kind);
  const hasNoTag = tag?.digests !== undefined && !tag.digests.has(name);
  return [...members, ...kinds, ...(hasNoTag ? [`tag ${tag.name}`] : [])];
}

/** None where the region has none of the manifests: it lacks the image. */
function membersMissingIn({ members }: Answer, region: string): MemberAnswer[] {
  const listed = members.filter(({ kind }) => kind !== 'artifact');
  const missing = listed.filter((member) => member.missing.includes(region));
  return missing.length === listed.length ? [] : missing;
}

function nameOfMember({ platform, kind, artifactType }: MemberAnswer): string {
  return platform ?? artifactType ?? kind;
}

/** That the region resolves the tag to, where it is another than the one asked for. */
function otherDigest({ tag, digest }: Answer, region: string): string | undefined {
  const pointed = tag?.digests?.get(region);
  return pointed === digest ? undefined : pointed;
}
