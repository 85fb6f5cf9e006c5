/** What follows when a call takes effect: messages go their way, what is told is judged, what a replica says was said. */
import type { CloudEvent } from '../../src/core/announcement.ts';
import type { Fact } from '../../src/core/arrival.ts';
import { parseDigest } from '../../src/core/digest.ts';
import type { ForwardOrder } from '../../src/core/forwarding/forward.ts';
import type { ImageName } from '../../src/core/image.ts';
import { toDeliveryMessage, toWakeMessage } from '../../src/core/messages.ts';
import type { Delivery, ProbeAnswer } from '../../src/core/ports.ts';
import { seenAt } from '../../src/core/prober.ts';
import type { Region } from '../../src/core/region.ts';
import type { ReplicaSet } from '../../src/core/replica-set.ts';
import { expectedRegions } from '../../src/core/replica-set.ts';
import { tagOf } from '../support/build.ts';
import type { Case } from './case.ts';
import { coverage } from './coverage.ts';
import { eventJudge } from './judge-event.ts';
import type { Mailbox } from './mailbox.ts';
import type { Effect } from './network.ts';

export function effects(on: Case, mailbox: Mailbox): (effect: Effect) => void {
  const { scheduler, history, trace } = on;
  const judge = eventJudge(on);
  const covers = coverage(on.counters);
  /** ARM's answers, counted, and the last one to each instance. */
  let told = 0;
  const tellings = new Map<string, number>();
  /** Of those that were stored. */
  let newest = 0;

  /** An instance stores what ARM told it last, and nothing that ARM told before what is stored. */
  function saved(label: string, set: ReplicaSet): void {
    const telling = tellings.get(label) ?? 0;
    const regions = expectedRegions(set).join();
    on.counters.count('replica sets', 'stored');
    if (telling < newest)
      on.violate(
        'a replica set gives way only to a later one',
        `${label} stores ${regions}, told before what is stored`,
      );
    newest = Math.max(newest, telling);
  }

  function publish(events: readonly CloudEvent[]): void {
    for (const event of events) {
      const { type, subject, data } = event;
      on.published.push(event);
      trace(() => `the topic takes ${type} of ${subject.slice(-8)} ${data.region ?? ''} generation ${data.generation}`);
      judge(event);
    }
  }

  /** Whoever asked may die before it is written down, so it may be known, and need not be. */
  function hear(region: Region, reference: string, answer: ProbeAnswer, askedAt: number): void {
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
    history.say({ image, fact, saidAt: scheduler.now(), keptAt: undefined, knownAt: undefined });
  }

  return (effect) => {
    const { caller, port, method, args, answer, calledAt } = effect;
    covers.saw(effect);
    if (port === 'timer') {
      const [name, at, noticedAt] = args as [ImageName, number, number | undefined];
      on.timersSet.push({ at: scheduler.now(), image: on.imageOf(name.digest) });
      mailbox.put('wake', toWakeMessage({ images: [name], at, noticedAt }), at - caller.clockAheadMs, caller.label);
    }
    if (port === 'queue') {
      const [delivery, delayMs] = args as [Delivery, number];
      mailbox.put('delivery', toDeliveryMessage(delivery), scheduler.now() + delayMs, caller.label);
    }
    if (port === 'forwards' && method === 'put') on.forwarded.push(args[0] as ForwardOrder);
    if (port === 'publisher') publish(args[0] as readonly CloudEvent[]);
    if (port === 'directory') tellings.set(caller.label, ++told);
    if (port === 'sets' && method === 'save' && answer !== 'conflict') saved(caller.label, args[1] as ReplicaSet);
    if (port === 'probe')
      hear(args[1] as Region, args[3] as string, answer as ProbeAnswer, calledAt + caller.clockAheadMs);
  };
}
