/** Answers and events say where a tag points at the end, and `TagSuperseded` is published for every image that lost it. */
import type { Answer, Evidence, Violation } from '../evidence.ts';
import { tagConverged, tagSuperseded } from '../evidence.ts';
import type { Families } from '../families.ts';
import type { Acknowledgements } from './acknowledgements.ts';

export function findWrongTags(evidence: Evidence, known: Acknowledgements, families: Families): Violation[] {
  const tagKeys = new Set(evidence.tagMoves.map(({ tagKey }) => tagKey));
  const answers = Map.groupBy(evidence.answers, ({ subject }) => subject);
  return [...tagKeys].flatMap((tagKey) => {
    const colon = tagKey.lastIndexOf(':');
    const [repository, tag] = [tagKey.slice(0, colon), tagKey.slice(colon + 1)];
    const digest = toConverged(evidence, families, repository, tagKey);
    const given = answers.get(tagKey) ?? [];
    if (digest === null)
      return given.flatMap((answer) => findFalse(evidence, known, families, repository, tag, answer));
    if (known.tagged(`${repository}@${digest}`, tag).length === 0) return [];
    const wrong = given
      .filter(({ document }) => document.digest !== digest || !document.satisfied || document.tagState !== 'converged')
      .map(({ process, document }) => ({
        rule: 'outdated',
        subject: tagKey,
        what: `${process}: is ${digest} everywhere, answered as ${document.digest} and ${document.tagState}`,
      }));
    return [...wrong, ...findUnpublishedTags(evidence, known, families, repository, tagKey, digest)];
  });
}

/** The digest that every region resolves the tag to, and has. */
function toConverged({ resolveTag }: Evidence, { truth }: Families, repository: string, tagKey: string): string | null {
  const digests = new Set(Object.values(resolveTag(tagKey)));
  const [digest = null] = digests;
  return digests.size === 1 && digest !== null && truth.isEverywhere(`${repository}@${digest}`) ? digest : null;
}

/** The answer is satisfied for a tag that does not point at the same image everywhere, although a later push or delete was acknowledged. */
function findFalse(
  evidence: Evidence,
  known: Acknowledgements,
  families: Families,
  repository: string,
  tag: string,
  { process, subject, document }: Answer,
): Violation[] {
  if (!document.satisfied) return [];
  const key = `${repository}@${document.digest}`;
  const tagKey = `${repository}:${tag}`;
  const lastMove = Math.max(0, ...movesOf(evidence, tagKey, document.digest ?? '').map(({ at }) => at));
  const isLaterAcknowledged = evidence.tagMoves.some(
    (move) =>
      move.tagKey === tagKey &&
      move.at > lastMove &&
      known.tagged(`${repository}@${move.digest}`, tag).some(({ eventTime }) => eventTime > lastMove),
  );
  if (!families.of(key).some(known.lastDelete) && !isLaterAcknowledged) return [];
  return [{ rule: 'outdated', subject, what: `${process}: not the same everywhere, answered as ${document.digest}` }];
}

function findUnpublishedTags(
  evidence: Evidence,
  known: Acknowledgements,
  families: Families,
  repository: string,
  tagKey: string,
  digest: string,
): Violation[] {
  const { truth, listings, tagMoves } = evidence;
  const tag = tagKey.slice(tagKey.lastIndexOf(':') + 1);
  const digests = new Set(tagMoves.filter((move) => move.tagKey === tagKey).map((move) => move.digest));
  return [...digests].flatMap((one) => {
    const key = `${repository}@${one}`;
    // A delete also removes the tag, and a new generation starts without the tags of the old one.
    const wasDeleted = truth
      .regions()
      .some((region) =>
        families.of(key).some((each) => truth.periodsIn(region, each).some(({ until }) => until !== null)),
      );
    if (one !== digest && (wasDeleted || known.tagged(key, tag).length === 0)) return [];
    const types = one === digest ? [tagConverged] : [tagConverged, tagSuperseded];
    return listings
      .filter((listing) => listing.key === key)
      .filter(({ events }) => !events.some(({ type, subject }) => types.includes(type) && subject === tagKey))
      .map(({ process }) => ({
        rule: 'not published',
        subject: key,
        what: `${process}: neither ${types.join(' nor ')} for ${tagKey}`,
      }));
  });
}

function movesOf({ tagMoves }: Evidence, tagKey: string, digest: string) {
  return tagMoves.filter((move) => move.tagKey === tagKey && move.digest === digest);
}
