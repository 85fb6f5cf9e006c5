/** Releases in memory, for tests. They go through JSON, so that nothing is shared that storage would not share. */
import type { ReleaseQueue, ReleaseStore, StoredRelease, TimedRelease } from '../core/ports.ts';
import type { Release } from '../core/releases/release.ts';

export function memoryReleaseStore(): ReleaseStore {
  const rows = new Map<string, { readonly text: string; readonly version: string }>();
  let writes = 0;
  const put = (release: Release): StoredRelease => {
    const version = `v${++writes}`;
    rows.set(release.name, { text: JSON.stringify(release), version });
    return { release, version };
  };
  const all = (): StoredRelease[] =>
    [...rows.values()].map(({ text, version }) => ({ release: JSON.parse(text), version }));
  const placed = ({ release: { name, createdAt } }: StoredRelease) => ({ name, createdAt });
  const isLater = (a: { name: string; createdAt: number }, b: { name: string; createdAt: number }) =>
    a.createdAt === b.createdAt ? a.name > b.name : a.createdAt < b.createdAt;

  return {
    async read(name) {
      const row = rows.get(name);
      return row === undefined ? undefined : { release: JSON.parse(row.text), version: row.version };
    },
    create: async (release) => (rows.has(release.name) ? 'conflict' : put(release)),
    replace: async (release, basedOn) =>
      rows.get(release.name)?.version === basedOn.version ? put(release) : 'conflict',
    async remove({ release: { name }, version }) {
      if (rows.get(name)?.version !== version) return 'conflict';
      rows.delete(name);
      return 'removed';
    },
    async page({ after, before = Number.POSITIVE_INFINITY, limit }) {
      const found = all()
        .filter((one) => one.release.createdAt < before && (after === undefined || isLater(placed(one), after)))
        .sort((a, b) => (isLater(placed(a), placed(b)) ? 1 : -1));
      const shown = found.slice(0, limit);
      const [last] = shown.slice(-1);
      return { releases: shown, next: found.length > limit && last !== undefined ? placed(last) : null };
    },
    async open(limit) {
      const open = all().flatMap(({ release }) => (release.availableAt === null ? [release] : []));
      return open.slice(0, limit).map(({ name, createdAt, revision }) => ({ name, createdAt, revision }));
    },
    async unlist() {},
  };
}

/** @returns the queue, and the rows that were added to it */
export function memoryReleaseQueue(): ReleaseQueue & { readonly rows: { timed: TimedRelease; at: number }[] } {
  const rows: { timed: TimedRelease; at: number }[] = [];
  return {
    rows,
    async add(timed, at) {
      rows.push({ timed, at });
    },
  };
}
