/** Counts which rare and dangerous sequences a schedule had, by the calls that reach the ports. */
import { announcementTypes } from '../../src/core/image/announcement-key.ts';
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import type { ImageChange } from '../../src/core/ports.ts';
import type { Counters } from './counters.ts';
import type { Effect } from './network.ts';

export interface Coverage {
  saw(effect: Effect): void;
}

export function coverage(counters: Counters): Coverage {
  /** Which instances noted each announcement first, by image and key. */
  const madeBy = new Map<string, string>();
  const publishersOf = new Map<string, Set<string>>();
  const conflictsInARow = new Map<string, number>();

  function sawCommit(by: string, { record }: ImageChange, answer: unknown): void {
    const image = record.name.digest;
    const lane = `${by} ${image}`;
    const isConflict = answer === 'conflict';
    const row = isConflict ? (conflictsInARow.get(lane) ?? 0) + 1 : 0;
    conflictsInARow.set(lane, row);
    counters.count('commits', isConflict ? 'conflict' : 'stored');
    if (row === 2) counters.count('commits', 'conflict twice in a row');
    if (row === 4) counters.count('commits', 'conflict four times in a row');
    if (isConflict) return;
    for (const { key } of record.announcements) {
      const name = `${image} ${key}`;
      if (!madeBy.has(name)) madeBy.set(name, by);
    }
    if (record.generation > 1) counters.count('commits', 'of a later generation');
    if (record.uncomparedTags.length > 0) counters.count('commits', 'with a tag to be settled');
  }

  function sawEvent(by: string, { id, type, data, subject }: CloudEvent): void {
    const publishers = publishersOf.get(id) ?? new Set<string>();
    publishersOf.set(id, publishers);
    const name = type.replace('AcrReplication.', '');
    if (publishers.size > 0)
      counters.count('events', `again: ${publishers.has(by) ? 'by the same instance' : 'by another instance'}`);
    else counters.count('events', name);
    if (publishers.size === 0 && data.generation > 1) counters.count('events', 'of a later generation');
    const makers = [...madeBy].filter(
      ([key]) => key.startsWith(`${data.digest} `) && isAbout(key, type, data, subject),
    );
    if (publishers.size === 0 && makers.length > 0 && makers.every(([, maker]) => maker !== by))
      counters.count('events', 'published by another instance than decided it');
    publishers.add(by);
  }

  return {
    saw({ caller, port, method, args, answer }) {
      if (port === 'store' && method === 'commit') sawCommit(caller.label, args[0] as ImageChange, answer);
      if (port === 'store' && method === 'noteAccepted') counters.count('commits', 'beside the record, unread');
      if (port === 'catalogue' && method === 'commit')
        counters.count('counts', answer === 'conflict' ? 'conflict' : 'written');
      if (port === 'publisher') for (const event of args[0] as readonly CloudEvent[]) sawEvent(caller.label, event);
    },
  };
}

function isAbout(key: string, type: string, data: CloudEvent['data'], subject: string): boolean {
  const [kind] = Object.entries(announcementTypes).find(([, name]) => name === type) ?? [''];
  const about = data.region ?? (kind.startsWith('tag') ? subject.slice(subject.lastIndexOf(':') + 1) : '');
  return key.includes(`.${kind}`) && key.endsWith(about) && key.includes(String(data.generation).padStart(6, '0'));
}
