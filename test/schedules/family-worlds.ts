/**
 * Worlds in which an index and its members, or a release and its images, are not published together: each breaks one of
 * the rules about them.
 */
import { announcementTypes } from '../../src/core/image/announcement-key.ts';
import type { Arrival } from '../../src/core/image/arrival.ts';
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import type { ImageRecord } from '../../src/core/image/record.ts';
import type { EventPublisher, ImageStore, ManifestProbe, ManifestReader, ReleaseStore } from '../../src/core/ports.ts';
import type { SeveralResult } from '../../src/core/query/several-images.ts';
import type { BrokenWorld } from './broken-worlds.ts';
import { isOfRelease } from './judge-release.ts';

export const familyWorlds: readonly BrokenWorld[] = [
  {
    name: 'a tracker that never reads what an index lists',
    breaks: 'what an index lists is known',
    replacements: { ports: (ports) => ({ ...ports, manifests: undefined }) },
  },
  {
    name: 'an index of which only the first member is read',
    breaks: 'a family is published only when complete',
    replacements: { ports: (ports) => ({ ...ports, manifests: ports.manifests && listingOne(ports.manifests) }) },
  },
  {
    name: 'an index without the deletions of its members',
    fromSeed: 20,
    breaks: 'a family is published only when complete',
    replacements: { ports: (ports) => ({ ...ports, store: withoutDeletions(ports.store) }) },
  },
  {
    name: "a member's report that its index has in memory only, and that is lost in a crash",
    breaks: 'an acknowledged fact is kept',
    replacements: { ownPorts: (ports) => ({ ...ports, store: rememberingReports(ports.store) }) },
  },
  {
    name: 'members without the indexes that list them',
    breaks: 'a member is published with its family',
    replacements: { ports: (ports) => ({ ...ports, store: withoutIndexes(ports.store) }) },
  },
  {
    name: 'a list that shows members by themselves',
    breaks: 'a member is published with its family',
    replacements: { tracker: (good) => ({ ...good, images: (query) => good.images({ ...query, members: true }) }) },
  },
  {
    name: 'members whose replicas are never asked',
    breaks: 'what is true is published',
    replacements: { ports: (ports) => ({ ...ports, probe: ports.probe && withoutMembers(ports.probe) }) },
  },
  {
    name: 'a family that is published again',
    breaks: 'a family is published once',
    replacements: {
      ownPorts: (ports) => ({
        ...ports,
        publisher: also(ports.publisher, (event) => (isComplete(event) ? anew(event) : undefined)),
      }),
    },
  },
  {
    name: 'a release that is published when it is made',
    breaks: 'a release is published only when it is everywhere',
    replacements: {
      tracker: (good) => ({ ...good, answerAll: async (asked) => hopeful(await good.answerAll(asked)) }),
    },
  },
  {
    name: 'a release that is published under two ids',
    breaks: 'a release is published once',
    replacements: {
      ownPorts: (ports) => ({
        ...ports,
        publisher: also(ports.publisher, (event) =>
          isOfRelease(event) ? { ...event, id: `${event.id} again` } : undefined,
        ),
      }),
    },
  },
  {
    name: 'a revision that is acknowledged and never stored',
    breaks: 'an acknowledged release is kept',
    replacements: { ports: (ports) => ({ ...ports, releases: keepingTheFirst(ports.releases) }) },
  },
  {
    name: 'a release whose events are lost when its instance is killed',
    breaks: 'what is true is published',
    replacements: {
      ports: ({ dueWork, ...ports }) => ({
        ...ports,
        dueWork: { ...dueWork, due: async (query) => withoutReleases(await dueWork.due(query)) },
      }),
    },
  },
];

function listingOne(manifests: ManifestReader): ManifestReader {
  return {
    ...manifests,
    async read(...asked) {
      const answer = await manifests.read(...asked);
      if (answer.kind !== 'manifest') return answer;
      const document = JSON.parse(answer.body);
      if (document.manifests === undefined) return answer;
      return { ...answer, body: JSON.stringify({ ...document, manifests: document.manifests.slice(0, 1) }) };
    },
  };
}

/** Their digests begin with zeros. */
function withoutMembers({ ask }: ManifestProbe): ManifestProbe {
  return {
    ask: async (registry, region, repository, reference, ...more) =>
      reference.startsWith('sha256:0000')
        ? { kind: 'unclear', reason: 'not asked', retryAfterMs: undefined }
        : ask(registry, region, repository, reference, ...more),
  };
}

function changing(store: ImageStore, change: (record: ImageRecord) => ImageRecord): ImageStore {
  return { ...store, commit: ({ record, basedOn }) => store.commit({ record: change(record), basedOn }) };
}

function withoutDeletions(store: ImageStore): ImageStore {
  const there = (arrival: Arrival): Arrival => ({ ...arrival, deletedAt: null });
  return changing(store, (record) => {
    if (record.family === undefined) return record;
    const reported = Object.entries(record.family.reported).map(([member, arrivals]) => [
      member,
      Object.fromEntries(Object.entries(arrivals).map(([region, arrival]) => [region, there(arrival)])),
    ]);
    return { ...record, family: { ...record.family, reported: Object.fromEntries(reported) } };
  });
}

function withoutIndexes(store: ImageStore): ImageStore {
  return changing(store, ({ memberOf: _, ...record }) => record);
}

/** It is stored with the next write of the record. */
function rememberingReports(store: ImageStore): ImageStore {
  const besides = ({ family, ...record }: ImageRecord) =>
    JSON.stringify([record.announcements, record.arrivals, family?.members]);
  return {
    ...store,
    async commit(change) {
      const stored = await store.read(change.record.name);
      const isReport =
        change.record.family?.members != null &&
        stored !== undefined &&
        besides(stored.record) === besides(change.record);
      return isReport && stored.version === change.basedOn ? { version: stored.version } : store.commit(change);
    },
  };
}

function isComplete({ type, data }: CloudEvent): boolean {
  return type === announcementTypes.availableInAllReplicas && (data.members ?? []).length > 0;
}

function anew(event: CloudEvent): CloudEvent {
  return { ...event, id: `${event.id} anew`, data: { ...event.data, generation: event.data.generation + 1 } };
}

function also({ publish }: EventPublisher, other: (event: CloudEvent) => CloudEvent | undefined): EventPublisher {
  return { publish: (events) => publish(events.flatMap((event) => [event, other(event) ?? []].flat())) };
}

function hopeful(result: SeveralResult): SeveralResult {
  return { ...result, outcome: 'satisfied', document: { ...result.document, satisfied: true } };
}

function keepingTheFirst(releases: ReleaseStore): ReleaseStore {
  return { ...releases, replace: async (release, { version }) => ({ release, version }) };
}

function withoutReleases<
  P extends { readonly items: readonly { readonly work: { readonly kind: string } | undefined }[] },
>(page: P): P {
  return { ...page, items: page.items.filter(({ work }) => work?.kind !== 'release') };
}
