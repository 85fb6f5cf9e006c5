/**
 * Tags that no digest had before this one. There is no other digest to compare with, and a later digest of the tag is compared
 * with this one by its own writer. If nothing else was missing, the tag has converged, which is announced in the same write.
 */
import type { Tag } from '../model/reference.ts';
import type { Announcement } from './announcement-key.ts';
import { announce } from './announcements.ts';
import type { DecisionContext } from './context.ts';
import type { ImageRecord } from './record.ts';
import { progressOf, tagPushes } from './record.ts';
import { tagCompared } from './tag-progress.ts';

export function withFirstTags(
  record: ImageRecord,
  firstTags: readonly Tag[],
  decisionContext: DecisionContext,
): { record: ImageRecord; announcements: readonly Announcement[] } {
  const compared = firstTags.reduce((known, tag) => comparedWithNone(known, tag), record);
  // Everything else was announced by the decision that added the tags.
  return compared.tags === record.tags ? { record: compared, announcements: [] } : announce(compared, decisionContext);
}

function comparedWithNone(record: ImageRecord, tag: Tag): ImageRecord {
  return tagCompared(record, {
    own: tagPushes(record, tag),
    tag,
    seen: progressOf(record, tag),
    others: {},
    isNewest: true,
    isOrdered: true,
    isComplete: true,
  });
}
