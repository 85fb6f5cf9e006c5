/**
 * Which lists of referrers instances received, and since when an artifact is known as one. It does not read records.
 */
import type { Digest } from '../../src/core/model/digest.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { ManifestReader } from '../../src/core/ports.ts';
import type { Case } from './case.ts';
import type { Caller } from './network.ts';

/** One list that has reached an instance. */
interface ReceivedList {
  readonly label: string;
  readonly at: number;
  readonly subject: Digest;
  /** The replica that answered; `undefined` for the login server. */
  readonly region: Region | undefined;
  readonly listed: readonly Digest[];
}

export interface AttachmentLog {
  readonly received: readonly ReceivedList[];
  add(list: ReceivedList): void;
  /** An answer has named the subject of this artifact. */
  named(artifact: number, at: number): void;
  namedSince(artifact: number): number | undefined;
}

export function attachmentLog(): AttachmentLog {
  const received: ReceivedList[] = [];
  const named = new Map<number, number>();
  return {
    received,
    add: (one) => void received.push(one),
    named(artifact, at) {
      if (!named.has(artifact)) named.set(artifact, at);
    },
    namedSince: (artifact) => named.get(artifact),
  };
}

/** Between an instance and the network: it records what the instance received, not what was sent. */
export function recordLists(on: Case, caller: Caller, reader: ManifestReader): ManifestReader {
  return {
    ...reader,
    async referrers(registry, region, repository, subject) {
      const answer = await reader.referrers(registry, region, repository, subject);
      on.counters.count('artifacts', answer === undefined ? 'referrers: no answer' : 'referrers: listed');
      if (answer === undefined) return undefined;
      const listed = answer.map(({ digest }) => digest);
      on.attachments.add({ label: caller.label, at: on.scheduler.now(), subject, region, listed });
      return answer;
    },
  };
}
