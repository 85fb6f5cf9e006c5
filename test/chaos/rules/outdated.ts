/**
 * Once all faults have ended, the app's answers are true: by the registry's webhook events, or by its own probes. The only
 * exception is what it cannot know, because no webhook event about it was acknowledged.
 */
import type { Answer, Evidence, Violation } from '../evidence.ts';
import type { Families } from '../families.ts';
import type { Acknowledgements } from './acknowledgements.ts';

export function findOutdated({ answers }: Evidence, known: Acknowledgements, families: Families): Violation[] {
  return answers
    .filter(({ subject }) => subject.includes('@'))
    .flatMap((answer) =>
      families.truth
        .regions()
        .flatMap((region) => findFault(families, known, answer, region) ?? [])
        .map((what) => ({ rule: 'outdated', subject: answer.subject, what: `${answer.process}: ${what}` })),
    );
}

function findFault(
  { truth, of }: Families,
  known: Acknowledgements,
  { subject: key, document }: Answer,
  region: string,
): string | undefined {
  const isThere = truth.isIn(region, key);
  const answered = document.regions.find((claim) => claim.region === region)?.state ?? 'not listed';
  if (isThere === (answered === 'available')) return undefined;
  const isHeardOf = known.of(key).length > 0 || document.state !== 'unknown';
  const isExcused = isThere ? !isHeardOf : !of(key).some(known.lastDelete);
  return isExcused
    ? undefined
    : `${isThere ? 'is' : 'is not'} in ${region}, answered as ${answered} (${document.state})`;
}
