/** A document lists the members of an index completely, and none is published by itself once the index has been read. */
import type { Evidence, Violation } from '../evidence.ts';
import { clock } from '../evidence.ts';
import type { Families } from '../families.ts';

/** An event that became known before may have been due already: it is sent until the topic accepts it. */
export function findPublishedMembers({ published }: Evidence, families: Families): Violation[] {
  return published.flatMap(({ key, type, at, time, region }) => {
    const knownAt = families.knownMemberAt(key);
    if (knownAt === undefined || time <= knownAt) return [];
    const what = `${type} ${region ?? ''} of ${clock(time)} was accepted at ${clock(at)} by itself, though its index was known at ${clock(knownAt)}`;
    return [{ rule: 'member published', subject: key, what }];
  });
}

export function findWrongMembers({ samples, answers, families }: Evidence): Violation[] {
  return [...samples, ...answers].flatMap(({ process, subject: key, document }) => {
    const { members } = document;
    if (members === null || !key.includes('@')) return [];
    const [repository = ''] = key.split('@');
    const listed = members.map(({ digest }) => `${repository}@${digest}`).sort();
    const wrong =
      listed.join() === [...(families.get(key) ?? [])].sort().join() ? [] : [`lists ${listed.join(' ') || 'nothing'}`];
    const contradictions = document.regions
      .filter(({ region, state }) => state === 'available' && members.some(({ missing }) => missing.includes(region)))
      .map(({ region }) => `answered as in ${region}, where one of its members is missing by the same answer`);
    return [...wrong, ...contradictions].map((what) => ({
      rule: 'members',
      subject: key,
      what: `${process}: ${what}`,
    }));
  });
}
