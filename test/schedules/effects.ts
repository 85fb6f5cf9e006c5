/**
 * What follows when a call takes effect: messages are queued, published events are judged, what a replica answered is
 * recorded as a report.
 */

import type { DueWork } from '../../src/core/due-work/due-work.ts';
import type { Fact } from '../../src/core/image/arrival.ts';
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import type { Digest } from '../../src/core/model/digest.ts';
import { parseDigest } from '../../src/core/model/digest.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { ReplicaSet } from '../../src/core/model/replica-set.ts';
import { expectedRegions } from '../../src/core/model/replica-set.ts';
import type { Delivery, ManifestAnswer, ProbeAnswer } from '../../src/core/ports.ts';
import { toDeliveryMessage } from '../../src/core/queue-messages.ts';
import { seenAt } from '../../src/core/replicas/prober.ts';
import { tagOf } from '../support/build.ts';
import type { Case } from './case.ts';
import { coverage } from './coverage.ts';
import { eventJudge } from './judge-event.ts';
import { judgeForwardOrder } from './judge-family.ts';
import { isOfRelease, judgeRelease } from './judge-release.ts';
import { proofMs } from './judge-sets.ts';
import type { MessageQueue } from './message-queue.ts';
import type { Effect } from './network.ts';

export function effects(on: Case, messageQueue: MessageQueue): (effect: Effect) => void {
  const { scheduler, history, trace } = on;
  const judge = eventJudge(on);
  const covers = coverage(on.counters);
  /** ARM's answers, counted, and the last one to each instance. */
  let lists = 0;
  const lastListOf = new Map<string, number>();
  /** Of those that were stored. */
  let newest = 0;
  let stored: readonly Region[] = [];

  /** An instance stores ARM's last answer to it, and no answer that is older than the stored one. */
  function saved(label: string, set: ReplicaSet): void {
    const list = lastListOf.get(label) ?? 0;
    const regions = expectedRegions(set).join();
    on.counters.count('replica sets', 'stored');
    if (list < newest)
      on.violate(
        'a replica set is replaced only by a later one',
        `${label} stores ${regions}, from a list older than the stored one`,
      );
    newest = Math.max(newest, list);
    const now = scheduler.now();
    for (const region of stored) {
      if (expectedRegions(set).includes(region) || on.registry.wasAbsent(region, now - proofMs, now)) continue;
      on.violate('a replica is removed only on proof', `${label} stores ${regions}, and ${region} is there`);
    }
    stored = expectedRegions(set);
  }

  function publish(events: readonly CloudEvent[]): void {
    for (const event of events) {
      const { type, subject, data } = event;
      if (isOfRelease(event)) {
        judgeRelease(on, event);
        continue;
      }
      on.published.push(event);
      on.acceptedAt.set(data.digest, scheduler.now());
      trace(
        () => `the topic accepts ${type} of ${subject.slice(-8)} ${data.region ?? ''} generation ${data.generation}`,
      );
      judge(event);
    }
  }

  /** An instance may be killed before it stores the answer, so the answer may be known, and need not be. */
  function recordProbe(region: Region, reference: string, answer: ProbeAnswer, askedAt: number): void {
    const asked = parseDigest(reference);
    const image = on.imageOf(answer.kind === 'present' ? answer.digest : (asked ?? null));
    if (answer.kind === 'unclear' || image === undefined) return;
    const fact: Fact = {
      region,
      kind: answer.kind === 'present' ? 'push' : 'delete',
      eventTime: seenAt(answer, askedAt),
      receivedAt: askedAt,
      evidence: 'probe',
      tag: asked === undefined ? tagOf(reference) : undefined,
      mediaType: undefined,
    };
    history.addReport({ image, fact, reportedAt: scheduler.now(), keptAt: undefined, knownAt: undefined });
  }

  return (effect) => {
    const { caller, port, method, args, answer, calledAt } = effect;
    covers.saw(effect);
    on.familyWrites.saw(effect);
    if (port === 'dueWork' && method === 'add') {
      const [work] = args as [DueWork, number];
      if (work.kind === 'image') on.timersSet.push({ at: scheduler.now(), image: on.imageOf(work.name.digest) });
      if (work.kind === 'forward') {
        on.forwarded.push(work.order);
        judgeForwardOrder(on, work.order);
      }
    }
    if (port === 'tags' && method === 'digests') on.tagsAsked.push(scheduler.now());
    if (port === 'queue') {
      const [delivery, delayMs] = args as [Delivery, number];
      messageQueue.put('delivery', toDeliveryMessage(delivery), scheduler.now() + delayMs, caller.label);
    }
    if (port === 'publisher') publish(args[0] as readonly CloudEvent[]);
    if (port === 'manifests' && method === 'read') {
      const { kind } = answer as ManifestAnswer;
      on.readings.read(args[3] as Digest, kind, scheduler.now());
      on.counters.count('manifests', `read: ${kind}`);
    }
    if (port === 'directory' && method === 'list') lastListOf.set(caller.label, ++lists);
    if (port === 'sets' && method === 'save' && answer !== 'conflict') saved(caller.label, args[1] as ReplicaSet);
    if (port === 'probe')
      recordProbe(args[1] as Region, args[3] as string, answer as ProbeAnswer, calledAt + caller.clockAheadMs);
  };
}
