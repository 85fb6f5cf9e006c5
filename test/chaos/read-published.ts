/** Reads an event that the topic accepted into what the checker compares. */
import type { CloudEventDocument } from '../../src/local/cloud-event.ts';
import { isObject } from '../../src/local/json.ts';
import type { PublishedEvent } from './evidence.ts';
import { readDocument, toText, toTime } from './read-document.ts';

export function readPublished({ id, type, subject, time, data }: CloudEventDocument, at: number): PublishedEvent {
  const { generation, region, repository, digest, supersededBy } = isObject(data) ? data : {};
  return {
    at,
    id,
    type,
    subject: subject ?? '',
    time: toTime(time) ?? Number.NaN,
    generation: Number(generation),
    region: toText(region),
    key: `${String(repository)}@${String(digest)}`,
    supersededBy: toText(supersededBy),
    document: readDocument(data),
  };
}
