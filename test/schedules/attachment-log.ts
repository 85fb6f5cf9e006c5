/** What instances were told of what is attached to an image, and since when an artifact is known as one. It knows nothing of records. */
import type { Digest } from '../../src/core/model/digest.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { ManifestReader } from '../../src/core/ports.ts';
import type { Case } from './case.ts';
import type { Caller } from './network.ts';

/** One list that has reached an instance. */
interface Told {
  readonly label: string;
  readonly at: number;
  readonly subject: Digest;
  /** Of the replica that was asked; none for the login server. */
  readonly region: Region | undefined;
  readonly listed: readonly Digest[];
}

export interface AttachmentLog {
  readonly told: readonly Told[];
  tell(told: Told): void;
  /** An answer has named the subject of this artifact. */
  named(artifact: number, at: number): void;
  namedSince(artifact: number): number | undefined;
}

export function attachmentLog(): AttachmentLog {
  const told: Told[] = [];
  const named = new Map<number, number>();
  return {
    told,
    tell: (one) => void told.push(one),
    named(artifact, at) {
      if (!named.has(artifact)) named.set(artifact, at);
    },
    namedSince: (artifact) => named.get(artifact),
  };
}

/** Between an instance and the network: what comes back to it counts, not what was sent. */
export function hearing(on: Case, caller: Caller, reader: ManifestReader): ManifestReader {
  return {
    ...reader,
    async referrers(registry, region, repository, subject) {
      const answer = await reader.referrers(registry, region, repository, subject);
      on.counters.count('artifacts', answer === undefined ? 'referrers: no answer' : 'referrers: listed');
      if (answer === undefined) return undefined;
      const listed = answer.map(({ digest }) => digest);
      on.attachments.tell({ label: caller.label, at: on.scheduler.now(), subject, region, listed });
      return answer;
    },
  };
}
