/** Carries out the commands of the plan, each at its time, and sends the webhook events that follow from them. */
import type { Fact } from '../../src/core/image/arrival.ts';
import type { EventTime } from '../../src/core/model/event-time.ts';
import type { Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { Delivery } from '../../src/core/ports.ts';
import { regionOf, tagOf } from '../support/build.ts';
import type { Case } from './case.ts';
import { clockText } from './case.ts';
import type { Choices } from './choices.ts';
import { between } from './choices.ts';
import type { Report } from './history.ts';
import { seenBy } from './history.ts';
import type { Instance } from './instance.ts';
import type { Network } from './network.ts';
import type { Command } from './plan.ts';
import type { Questions } from './questions.ts';
import type { RegistryEvent } from './registry.ts';
import { isAboutRelease, releaseCalls } from './release-calls.ts';

export interface Outside {
  carryOut(command: Command, index: number): void;
}

const stopMs = 5_000;

export function outside(parts: {
  readonly on: Case;
  readonly choices: Choices;
  readonly network: Network;
  readonly questions: Questions;
  readonly start: () => void;
  readonly kill: (instance: Instance) => void;
}): Outside {
  const { on, choices, network, questions } = parts;
  const releases = releaseCalls(on);
  const { scheduler, counters, trace } = on;
  let webhookCalls = 0;
  /** Until when each region has a replication of a tag under way, so that none overtakes an earlier one. */
  const spreadUntil = new Map<string, number>();

  function pickInstance(name: string): Instance | undefined {
    const running = on.runningInstances();
    return running[choices.choose(name, 0, (random) => between(random, 0, running.length - 1))];
  }

  function toDelivery(registryEvent: RegistryEvent, evidence: Fact['evidence'], by: Instance): Delivery {
    const { image, kind, region, tag, eventTime } = registryEvent;
    const fact: Fact = {
      kind: kind === 'untag' ? 'delete' : kind,
      region,
      tag: kind === 'push' ? tag : undefined,
      eventTime,
      receivedAt: by.clock.now(),
      evidence,
      mediaType: kind === 'push' ? on.family.mediaType(image) : undefined,
    };
    return { name: on.nameOf(image), fact };
  }

  /** The registry sends a webhook event once, and does not repeat it. */
  function deliver(registryEvent: RegistryEvent): void {
    // Nor does one that was removed meanwhile.
    if (on.plan.world.set === 'arm' && !on.registry.isCurrent(registryEvent)) return;
    const name = `telling ${++webhookCalls}`;
    const instance = pickInstance(`${name} to`);
    trace(
      () =>
        `${name}: ${registryEvent.kind} of image ${registryEvent.image} in ${registryEvent.region}, to ${instance?.label ?? 'no instance'}`,
    );
    if (instance === undefined) return;
    const delivery = toDelivery(registryEvent, 'webhook', instance);
    const report = addReport(registryEvent, delivery.fact);
    instance.tracker.webhookSeen(on.settings, registryEvent.region);
    const ended = on.familyWrites.begin(instance.label, registryEvent.image);
    const limit = on.options.recordWithinMs + on.options.deferWithinMs;
    const overdue = scheduler.at(scheduler.now() + limit + 1, () => {
      if (!instance.isKilled)
        on.violate('a webhook is answered in time', `${name} on ${instance.label} has no answer after ${limit} ms`);
    });
    instance.tracker.receive(delivery).then(
      (receipt) => {
        overdue();
        ended();
        counters.count('webhooks', receipt);
        acknowledge(report, receipt !== 'deferred');
        trace(() => `${name} is answered: ${receipt}`);
      },
      () => {
        overdue();
        ended();
        counters.count('webhooks', 'refused');
      },
    );
  }

  /** A delete that names no digest. */
  function deliverUnnamed(region: Region, tag: Tag | undefined, eventTime: EventTime): void {
    const name = `telling ${++webhookCalls}`;
    const instance = pickInstance(`${name} to`);
    trace(() => `${name}: delete of ${tag ?? 'the repository'} in ${region}, to ${instance?.label ?? 'no instance'}`);
    if (instance === undefined) return;
    const place = { registry: on.settings.name, repository: on.repository };
    const receivedAt = instance.clock.now();
    const unnamedDelete = on.history.addUnnamedDelete({
      ...{ region, tag, eventTime, receivedAt, reportedAt: scheduler.now() },
      ...{ keptAt: undefined, knownAt: undefined },
    });
    instance.tracker.webhookSeen(on.settings, region);
    instance.tracker.receive({ ...place, tag, region, eventTime, receivedAt, evidence: 'webhook' }).then(
      (receipt) => {
        counters.count('webhooks', `${receipt}, no digest named`);
        acknowledge(unnamedDelete, receipt !== 'deferred');
        trace(() => `${name} is answered: ${receipt}`);
      },
      () => counters.count('webhooks', 'refused, no digest named'),
    );
  }

  function addReport(registryEvent: RegistryEvent, fact: Fact): Report {
    return on.history.addReport({
      image: registryEvent.image,
      fact,
      reportedAt: scheduler.now(),
      keptAt: undefined,
      knownAt: undefined,
    });
  }

  function acknowledge(report: Pick<Report, 'keptAt' | 'knownAt'>, isStored: boolean): void {
    report.keptAt = scheduler.now();
    if (isStored) report.knownAt = scheduler.now();
  }

  function apply(
    kind: 'push' | 'delete',
    image: number,
    region: number,
    tag: number | undefined,
    delays: readonly number[],
  ): void {
    const name = on.nameOf(image % on.plan.world.images);
    const place = on.regions[region % on.regions.length] as Region;
    // A region without a replica has no webhook of its own. Settings may leave out one that has both.
    if (on.plan.world.set === 'arm' && !on.registry.replicas.includes(place)) return;
    const registryEvent = on.registry.apply({
      image: image % on.plan.world.images,
      digest: name.digest,
      region: place,
      kind,
      tag: tag === undefined ? on.family.attachment(image % on.plan.world.images)?.tag : on.tagOf(tag),
    });
    if (delays.length === 0) counters.count('webhooks', 'lost');
    for (const delay of delays) scheduler.at(scheduler.now() + delay, () => deliver(registryEvent));
  }

  /** In each region at a time of its own, and in the order in which it was pushed. */
  function spread(command: Command & { kind: 'spread' }): void {
    for (const region of on.regions.keys()) {
      const lane = `${region} ${command.tag}`;
      // A push without a tag may overtake others.
      const notBefore = command.tag === undefined ? 0 : (spreadUntil.get(lane) ?? 0) + 1;
      const at = Math.max(scheduler.now() + (command.delays[region] ?? 0), notBefore);
      spreadUntil.set(lane, at);
      scheduler.at(at, () => apply('push', command.image, region, command.tag, command.deliveryDelays[region] ?? []));
    }
  }

  function deleteUnnamed(
    { region, tag: number, deliveryDelays: delays }: Command & { kind: 'unnamedDelete' },
    index: number,
  ): void {
    const place = on.regions[region % on.regions.length] as Region;
    if (on.plan.world.set === 'arm' && !on.registry.replicas.includes(place)) return;
    const tag = number === undefined ? undefined : on.tagOf(number);
    const one = { image: 0, digest: on.nameOf(0).digest, region: place, tag, isUnnamed: true };
    // What such an event means is documented nowhere: the tag may still be there.
    const isTagKept =
      tag !== undefined && choices.choose(`command ${index} only told`, false, (random) => random() < 0.5);
    // The registry may report it although there was nothing to delete.
    const { eventTime } = on.registry.apply({ ...one, kind: 'untag', isTagKept });
    for (let image = 0; image < on.plan.world.images && tag === undefined; image++) {
      const { digest } = on.nameOf(image);
      if (on.registry.has(digest, place)) on.registry.apply({ ...one, image, digest, kind: 'delete' });
    }
    for (const delay of delays) scheduler.at(scheduler.now() + delay, () => deliverUnnamed(place, tag, eventTime));
  }

  function leap(days: number): void {
    const view = seenBy(scheduler.now());
    const mayBeForgotten = new Set<number>();
    for (let image = 0; image < on.plan.world.images; image++) {
      // An image expires also if a region without a replica has it.
      const isSomewhere = on.registry.replicas.some((region) => on.history.claim(image, region, view).mustBeThere);
      if (!isSomewhere) mayBeForgotten.add(image);
    }
    scheduler.leap(days * 86_400_000);
    for (const image of mayBeForgotten) on.readings.expire(image);
    on.leaps.push({ at: scheduler.now(), mayBeForgotten });
  }

  function deliverMany(image: number, places: readonly (readonly [Region, Tag | undefined])[]): void {
    const index = image % on.plan.world.images;
    for (const [region, tag] of places) {
      const registryEvent = { image: index, digest: on.nameOf(index).digest, region, kind: 'push' as const, tag };
      deliver(on.registry.apply(registryEvent));
    }
  }

  /** The registry's delivery log: events that were not answered with 2xx are processed again. */
  function readLog(index: number): void {
    const instance = pickInstance(`log ${index} by`);
    if (instance === undefined) return;
    const isKept = (one: RegistryEvent) =>
      on.history.reports.some(
        ({ fact, image, keptAt }) =>
          image === one.image && fact.region === one.region && fact.eventTime === one.eventTime && keptAt !== undefined,
      );
    const isNamed = (one: RegistryEvent) => one.isUnnamed !== true && one.kind !== 'untag';
    for (const registryEvent of on.registry.registryEvents.filter((one) => isNamed(one) && !isKept(one))) {
      const delivery = toDelivery(registryEvent, 'deliveryLog', instance);
      const report = addReport(registryEvent, delivery.fact);
      instance.tracker.process(delivery).then(
        (receipt) => {
          counters.count('delivery log', receipt);
          acknowledge(report, receipt !== 'deferred');
        },
        () => counters.count('delivery log', 'refused'),
      );
    }
  }

  return {
    carryOut(command, index) {
      const running = on.runningInstances();
      const chosen = 'instance' in command ? running[command.instance % Math.max(1, running.length)] : undefined;
      trace(
        () =>
          `command ${index} at ${clockText(scheduler.now())}: ${JSON.stringify(command)}${chosen === undefined ? '' : ` → ${chosen.label}`}`,
      );
      counters.count('commands', command.kind);
      if (command.kind === 'push') apply('push', command.image, command.region, command.tag, command.deliveryDelays);
      else if (command.kind === 'delete')
        apply('delete', command.image, command.region, undefined, command.deliveryDelays);
      else if (command.kind === 'pushEverywhere') {
        for (const region of on.regions.keys())
          apply('push', command.image, region, command.tag, command.deliveryDelays[region] ?? []);
      } else if (command.kind === 'deleteEverywhere') {
        for (const region of on.regions.keys())
          apply('delete', command.image, region, undefined, command.deliveryDelays[region] ?? []);
      } else if (command.kind === 'spread') spread(command);
      else if (command.kind === 'unnamedDelete') deleteUnnamed(command, index);
      else if (command.kind === 'foreign')
        on.registry.foreign(on.regions[command.region % on.regions.length] as Region, command.forMs);
      else if (command.kind === 'leap') leap(command.days);
      else if (command.kind === 'manyTags') {
        const region = on.regions[command.region % on.regions.length] as Region;
        const build = (i: number) => [region, tagOf(`build-${i}`)] as const;
        if (on.plan.world.set === 'settings' || on.registry.replicas.includes(region))
          deliverMany(
            command.image,
            Array.from({ length: command.count }, (_, i) => build(i)),
          );
      } else if (command.kind === 'manyRegions') {
        const regions = Array.from({ length: command.count }, (_, i) => [regionOf(`nowhere${i}`), undefined] as const);
        if (on.plan.world.set === 'settings') deliverMany(command.image, regions);
      } else if (command.kind === 'replicas') {
        if (on.plan.world.set === 'arm')
          on.registry.setReplicas(Math.min(command.count, on.regions.length), command.isSeeding);
      } else if (command.kind === 'outage') {
        network.out.add(command.of);
        scheduler.at(scheduler.now() + command.forMs, () => network.out.delete(command.of));
      } else if (command.kind === 'topicOutage') {
        const away = { from: scheduler.now(), until: Number.POSITIVE_INFINITY };
        on.topicOutages.push(away);
        network.out.add('topic');
        scheduler.at(away.from + command.forMs, () => {
          away.until = scheduler.now();
          network.out.delete('topic');
        });
      } else if (command.kind === 'start') parts.start();
      else if (command.kind === 'deliveryLog') readLog(index);
      else if (chosen === undefined) return;
      else if (command.kind === 'kill') {
        parts.kill(chosen);
        if (command.restartMs !== undefined) scheduler.at(scheduler.now() + command.restartMs, parts.start);
      } else if (command.kind === 'stop') {
        chosen.isStopping = true;
        void chosen.tracker.close(stopMs).then(() => parts.kill(chosen));
        scheduler.at(scheduler.now() + 2 * stopMs, () => parts.kill(chosen));
      } else if (isAboutRelease(command)) void releases.carryOut(chosen, command);
      else if (command.kind === 'manifestsUnreadable') {
        network.cannotReadManifests.add(chosen.label);
        scheduler.at(scheduler.now() + command.forMs, () => network.cannotReadManifests.delete(chosen.label));
      } else if (command.kind === 'wait') void questions.wait(chosen, command);
      else if (command.kind === 'answer') void questions.answer(chosen, command.about);
      else if (command.kind === 'cut') {
        network.cut.add(chosen.label);
        scheduler.at(scheduler.now() + command.forMs, () => network.cut.delete(chosen.label));
      } else if (command.kind === 'expire') {
        chosen.tracker.expire().then(
          (expired) => counters.count('images expired', expired > 0 ? 'some' : 'none'),
          () => counters.count('images expired', 'failed'),
        );
      } else if (command.kind === 'refresh') void chosen.tracker.refreshReplicas(on.settings);
      else if (command.kind === 'notice')
        chosen.tracker.trackUnseen(on.nameOf(command.image % on.plan.world.images)).catch(() => undefined);
    },
  };
}
