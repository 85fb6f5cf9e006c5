/**
 * Which manifests belong to which index, and since when the app knows it. Once the app has read an index, a region has the
 * index only with every manifest that it lists, and members are published only as part of it. Until then, or if it cannot be
 * read, an index is judged by its own reports.
 */
import { familyTruth } from '../../src/local/simulator/family-truth.ts';
import type { Truth } from '../../src/local/simulator/truth.ts';
import type { Document, Evidence } from './evidence.ts';

export interface Families {
  /** Which replica had what when: an index that has been read together with its members, everything else by itself. */
  readonly truth: Truth;
  /** The keys that a document makes claims about. */
  claimedBy(key: string, document: Document): readonly string[];
  /** The keys of the image: if one of them is deleted in a region, the region no longer has the image. */
  of(key: string): readonly string[];
  /** When a document first showed that the app had read an index that lists this manifest. */
  knownMemberAt(key: string): number | undefined;
  /** Whether the app called the index available by its own reports until then, since it could not be read. */
  wasCountedAlone(key: string, until: number): boolean;
}

type Parts = Pick<Evidence, 'truth' | 'families' | 'samples' | 'answers' | 'published'>;

export function readFamilies(evidence: Parts): Families {
  const { truth, families } = evidence;
  const seen = listDocuments(evidence);
  const readAt = new Map<string, number>();
  for (const { key, at, document } of seen) {
    if (families.has(key) && document.members !== null) readAt.set(key, Math.min(at, readAt.get(key) ?? at));
  }
  const memberAt = new Map<string, number>();
  for (const [key, at] of readAt) {
    for (const member of families.get(key) ?? []) memberAt.set(member, Math.min(at, memberAt.get(member) ?? at));
  }
  const readMembers = (key: string) => (readAt.has(key) ? (families.get(key) ?? []) : []);
  return {
    truth: familyTruth(truth, readMembers),
    claimedBy: (key, { members }) => (members === null ? [key] : [key, ...(families.get(key) ?? [])]),
    of: (key) => [key, ...readMembers(key)],
    knownMemberAt: (key) => memberAt.get(key),
    wasCountedAlone: (key, until) =>
      seen.some(
        ({ key: one, at, document }) =>
          one === key && at <= until && document.members === null && document.state === 'available',
      ),
  };
}

function listDocuments({ samples, answers, published }: Parts) {
  return [
    ...[...samples, ...answers].map(({ subject, answeredAt: at, document }) => ({
      ...{ at, document },
      key: document.digest === null ? subject : `${subject.split(/[:@]/)[0]}@${document.digest}`,
    })),
    ...published.map(({ key, at, document }) => ({ key, at, document })),
  ];
}
