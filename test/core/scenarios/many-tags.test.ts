/** One digest that every build tags again: its row stays small, and nothing is published or forwarded twice for it. */

import { expect, test } from 'vitest';
import { announcementKey } from '../../../src/core/image/announcement-key.ts';
import type { Command } from '../../../src/core/image/decide.ts';
import { decide } from '../../../src/core/image/decide.ts';
import type { ImageRecord } from '../../../src/core/image/record.ts';
import { pendingKeys, tagPushes, tagsToShow } from '../../../src/core/image/record.ts';
import { ownPointers } from '../../../src/core/image/tag-resolution.ts';
import {
  deleteOf,
  digestOf,
  eventTimeOf,
  policy,
  pushOf,
  replicaSetOf,
  repositoryOf,
  tagOf,
  targetOf,
} from '../../support/build.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const set = replicaSetOf();
const targets = [targetOf()];
const regions = ['eastus', 'westeurope'];

/** The record after every step, and each time something was published or forwarded. */
function digest() {
  let record: ImageRecord | undefined;
  let now = Date.parse('2026-06-01T12:00:00Z');
  const announced: string[] = [];
  const forwarded: string[] = [];
  function step(one: Command): void {
    const before = new Set(record?.forwards.map(({ key }) => key));
    const decision = decide(record, name, one, { set, policy, now, targets });
    record = decision.record;
    announced.push(...decision.announcements.map(announcementKey));
    forwarded.push(...(record?.forwards ?? []).map(({ key }) => key).filter((key) => !before.has(key)));
  }
  const iso = () => new Date(now).toISOString();
  const state = (): ImageRecord => {
    if (record === undefined) throw new Error('nothing has been said of it');
    return record;
  };
  return {
    announced,
    forwarded,
    state,
    step,
    iso,
    /** Bytes in its row, where each character has two. */
    size: () => JSON.stringify(record).length * 2,
    push(tag: string) {
      for (const region of regions) step({ kind: 'fact', fact: pushOf(region, iso(), { tag }) });
      const alone = { others: {}, isNewest: true, isOrdered: true, isComplete: true } as const;
      step({
        kind: 'tagCompared',
        tag: tagOf(tag),
        seen: state().tags[tag],
        own: tagPushes(state(), tagOf(tag)),
        ...alone,
      });
    },
    wait: () => {
      now += 60_000;
    },
    /** Topic and queue accept everything. */
    passMinute() {
      step({ kind: 'eventsAccepted', keys: pendingKeys(state()), at: now });
      step({ kind: 'forwardsQueued', keys: state().forwards.map(({ key }) => key), at: now });
      now += 60_000;
    },
  };
}

test('a digest with ever more tags keeps its size, and publishes and forwards each once', () => {
  const one = digest();
  const sizes: number[] = [];
  for (let build = 1; build <= 700; build++) {
    one.push(`main-20260601.${String(build).padStart(5, '0')}`);
    one.push('latest');
    one.passMinute();
    if (build >= 600 && build % 50 === 0) sizes.push(one.size());
  }
  expect(Math.max(...sizes)).toBeLessThan(600_000);
  expect(sizes[2]).toBeLessThan((sizes[0] ?? 0) * 1.01);
  expect(new Set(one.announced).size).toBe(one.announced.length);
  expect(one.announced.filter((key) => key.includes('tagConverged'))).toHaveLength(701);
  expect(new Set(one.forwarded).size).toBe(one.forwarded.length);
  expect(one.forwarded).toHaveLength(701);
}, 120_000);

test('what a tag points at stays known, whatever was pushed with the same digest since', () => {
  const one = digest();
  one.push('stable');
  for (let build = 1; build <= 150; build++) {
    one.push(`main.${build}`);
    one.passMinute();
  }
  expect(tagsToShow(one.state())).toContain('stable');
  expect(ownPointers(tagOf('stable'), one.state()).regions.size).toBe(regions.length);
});

test('what a tag pointed at once is forgotten first', () => {
  const one = digest();
  one.push('stable');
  for (let build = 1; build <= 200; build++) {
    const tag = tagOf(`main.${build}`);
    one.push(tag);
    one.step({ kind: 'tagMoved', tag, to: digestOf(2), pushes: { eastus: eventTimeOf(one.iso()) } });
    one.passMinute();
    const pushes = Object.fromEntries(regions.map((region) => [region, eventTimeOf(one.iso())]));
    one.step({ kind: 'tagMoved', tag, to: digestOf(2), pushes });
  }
  expect(Object.keys(one.state().arrivals.eastus?.tags ?? {})).toHaveLength(51);
  expect(Object.keys(one.state().tags).length).toBeLessThanOrEqual(101);
  expect(tagsToShow(one.state())).toEqual(['stable']);
});

test('tags that moved on before they had converged are published once, however many follow', () => {
  const one = digest();
  for (let build = 1; build <= 400; build++) {
    const tag = `main.${build}`;
    one.step({ kind: 'fact', fact: pushOf('eastus', one.iso(), { tag }) });
    one.passMinute();
    one.step({ kind: 'tagMoved', tag: tagOf(tag), to: digestOf(2), pushes: { eastus: eventTimeOf(one.iso()) } });
    one.passMinute();
  }
  expect(one.announced.filter((key) => key.includes('tagSuperseded'))).toHaveLength(400);
  expect(new Set(one.announced).size).toBe(one.announced.length);
  expect(one.state().announcements.length).toBeLessThan(260);
});

test('a tag that is a number is as new as its push, whatever its place among the others', () => {
  const one = digest();
  for (let build = 1; build <= 250; build++) {
    one.push(`main.${build}`);
    one.passMinute();
  }
  for (const tag of ['7', '2026']) {
    one.push(tag);
    one.passMinute();
  }
  one.push('main.251');
  expect(one.announced.filter((key) => key.includes('tagConverged'))).toHaveLength(253);
  expect(one.state().tags).toHaveProperty('7');
});

test('what the topic and the queue have not accepted is kept, however much it is', () => {
  const one = digest();
  for (let build = 1; build <= 400; build++) {
    one.push(`main.${build}`);
    one.wait();
  }
  expect(pendingKeys(one.state())).toHaveLength(403);
  expect(one.state().forwards).toHaveLength(400);
});

test('a row from before that has outgrown the bound is made small by the next change', () => {
  const one = digest();
  one.push('main.0');
  one.passMinute();
  const entry = { madeAt: 0, publishedAt: 1 };
  const many = Array.from({ length: 5_000 }, (_, i) => ({ ...entry, key: `000001.tagConverged.1.gone.${i}` }));
  const record = { ...one.state(), announcements: [...many, ...one.state().announcements] };
  const fact = deleteOf('eastus', one.iso());
  const decision = decide(record, name, { kind: 'fact', fact }, { set, policy, now: fact.receivedAt, targets });
  expect(decision.record?.announcements).toHaveLength(200);
});
