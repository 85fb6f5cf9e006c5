/** Worlds in which artifacts or platforms are answered wrongly: assumed, mixed up or lost. */
import type { ImageRecord } from '../../src/core/image/record.ts';
import type { Digest } from '../../src/core/model/digest.ts';
import type { ImageStore, ManifestReader, TagDigests } from '../../src/core/ports.ts';
import type { WaitResult } from '../../src/core/query/ask.ts';
import type { Tracker } from '../../src/core/tracker.ts';
import type { BrokenWorld } from './broken-worlds.ts';

export const artifactWorlds: readonly BrokenWorld[] = [
  {
    name: 'an artifact that counts wherever its image is',
    breaks: 'an artifact counts only where it is',
    replacements: { tracker: believingArtifacts },
  },
  {
    name: 'a second signature that counts only once the first replica lists it',
    fromSeed: 76,
    breaks: 'an artifact counts only where it is',
    replacements: {
      ownPorts: (ports) => ({ ...ports, manifests: ports.manifests && listingWhatTheFirstHas(ports.manifests) }),
    },
  },
  {
    name: "a signature under cosign's tag that counts although it was signed again",
    fromSeed: 264,
    breaks: 'an artifact counts only where it is',
    replacements: {
      ownPorts: (ports) => ({ ...ports, tags: knowingTheFirst(ports.tags) }),
    },
  },
  {
    name: 'a registry without a list of referrers that counts as one with nothing attached',
    fromSeed: 280,
    breaks: 'what is attached is known',
    replacements: {
      ownPorts: (ports) => ({ ...ports, manifests: ports.manifests && listingNothingInstead(ports.manifests) }),
    },
  },
  {
    name: 'a registry whose referrers are never asked for',
    breaks: 'what is attached is known',
    replacements: {
      ports: (ports) => ({
        ...ports,
        manifests: ports.manifests && { ...ports.manifests, referrers: async () => undefined },
      }),
    },
  },
  {
    name: 'an artifact that is published like an image',
    breaks: 'an artifact is published with its subject',
    replacements: { ports: (ports) => ({ ...ports, store: withoutSubjects(ports.store) }) },
  },
  {
    name: 'a question about one kind of artifact that waits for every kind',
    breaks: 'only what was asked for must be there',
    replacements: { tracker: askingForAll },
  },
  {
    name: 'one answer for two requests that wait for different platforms of one index',
    fromSeed: 190,
    breaks: 'an answer is for the requested platforms',
    replacements: { tracker: sharingAnswers },
  },
  {
    name: 'a release that is published without its required artifacts',
    breaks: 'a release is published only when it is everywhere',
    replacements: { tracker: (good) => ({ ...good, answerAll: (all) => good.answerAll(all.map(withoutArtifacts)) }) },
  },
  {
    name: 'a release that is published without the platforms that it names',
    fromSeed: 658,
    breaks: 'a release is published only when it is everywhere',
    replacements: { tracker: (good) => ({ ...good, answerAll: (all) => good.answerAll(all.map(forLittle)) }) },
  },
  {
    name: 'a release whose artifacts are not read again',
    breaks: 'an answer is true',
    replacements: { tracker: notLookingAgain },
  },
];

const kinds = ['report', 'sbom', 'signature'];

function believingArtifacts(good: Tracker): Tracker {
  return {
    ...good,
    async answer({ artifacts = [], ...question }, requirement) {
      const document = await good.answer(question, requirement);
      if (artifacts.length === 0) return document;
      return { ...document, artifacts: artifacts.map((kind) => ({ kind, known: true, missing: [] })) };
    },
  };
}

/** What the list lacks is not reported. */
function listingWhatTheFirstHas(manifests: ManifestReader): ManifestReader {
  const first = new Map<Digest, ReadonlySet<Digest>>();
  return {
    ...manifests,
    async referrers(registry, region, repository, subject) {
      const answer = await manifests.referrers(registry, region, repository, subject);
      const digests = new Set(answer?.map(({ digest }) => digest));
      if (!first.has(subject) && digests.size > 0) first.set(subject, digests);
      return answer?.filter(({ digest }) => first.get(subject)?.has(digest));
    },
  };
}

function listingNothingInstead(manifests: ManifestReader): ManifestReader {
  return { ...manifests, referrers: async (...asked) => (await manifests.referrers(...asked)) ?? [] };
}

function knowingTheFirst(tags: TagDigests): TagDigests {
  const first = new Map<string, Digest | undefined>();
  return {
    ...tags,
    async digests(name) {
      const all = await tags.digests(name);
      if (!name.tag.startsWith('sha256-')) return all;
      const known = first.get(name.tag) ?? all.at(-1)?.digest;
      first.set(name.tag, known);
      return all.filter(({ digest }) => digest === known);
    },
  };
}

function withoutSubjects(store: ImageStore): ImageStore {
  const without = ({ subject: _, ...record }: ImageRecord): ImageRecord => record;
  return { ...store, commit: ({ record, basedOn }) => store.commit({ record: without(record), basedOn }) };
}

function askingForAll(good: Tracker): Tracker {
  return {
    ...good,
    async answer(question, requirement) {
      const { artifacts = [] } = question;
      if (artifacts.length === 0) return good.answer(question, requirement);
      const all = [...new Set([...kinds, ...artifacts])].filter((kind) => kind !== 'report');
      const document = await good.answer({ ...question, artifacts: all }, requirement);
      return { ...document, artifacts: document.artifacts?.filter(({ kind }) => artifacts.includes(kind)) ?? [] };
    },
  };
}

/** The second request gets the answer of the first. */
function sharingAnswers(good: Tracker): Tracker {
  const open = new Map<string, Promise<WaitResult>>();
  return {
    ...good,
    wait(question, requirement, timeoutMs) {
      const key = `${question.digest} ${question.tag} ${requirement.regions} ${requirement.needed} ${timeoutMs}`;
      const shared = open.get(key) ?? good.wait(question, requirement, timeoutMs);
      open.set(key, shared);
      const end = () => void open.delete(key);
      shared.then(end, end);
      return shared;
    },
  };
}

type Asked = Parameters<Tracker['answerAll']>[0][number];

function withoutArtifacts({ question, requirement }: Asked): Asked {
  const { artifacts: _, ...rest } = question;
  return { question: rest, requirement };
}

/** Those of another platform may do. */
function forLittle({ question, requirement }: Asked): Asked {
  return question.platforms === undefined || question.platforms.length === 0
    ? { question, requirement }
    : { question: { ...question, platforms: ['linux/cpu1'] }, requirement };
}

function notLookingAgain(good: Tracker): Tracker {
  const first = new Map<string, Awaited<ReturnType<Tracker['answerAll']>>>();
  return {
    ...good,
    async answerAll(all) {
      const hasArtifacts = all.some(({ question }) => (question.artifacts ?? []).length > 0);
      if (!hasArtifacts) return good.answerAll(all);
      const key = JSON.stringify(all.map(({ question }) => [question.digest, question.artifacts, question.platforms]));
      const answer = first.get(key) ?? (await good.answerAll(all));
      first.set(key, answer);
      return answer;
    },
  };
}
