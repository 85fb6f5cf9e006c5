/** What comes from outside: the plan's commands, each done at its time, and the webhooks that follow from them. */
import type { Fact } from '../../src/core/arrival.ts';
import type { Delivery } from '../../src/core/ports.ts';
import type { Region } from '../../src/core/region.ts';
import type { Case } from './case.ts';
import { clockText } from './case.ts';
import type { Choices } from './choices.ts';
import { between } from './choices.ts';
import type { Said } from './history.ts';
import type { Instance } from './instance.ts';
import type { Network } from './network.ts';
import type { Command } from './plan.ts';
import type { Questions } from './questions.ts';
import type { Happening } from './registry.ts';

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
  const { scheduler, counters, trace } = on;
  let tellings = 0;

  function someone(name: string): Instance | undefined {
    const living = on.living();
    return living[choices.choose(name, 0, (random) => between(random, 0, living.length - 1))];
  }

  function toDelivery(happening: Happening, evidence: Fact['evidence'], by: Instance): Delivery {
    const { image, kind, region, tag, eventTime } = happening;
    const fact: Fact = {
      kind,
      region,
      tag: kind === 'push' ? tag : undefined,
      eventTime,
      receivedAt: by.clock.now(),
      evidence,
      mediaType: undefined,
    };
    return { name: on.nameOf(image), fact };
  }

  /** The registry tries once, and gives up when nobody answers. */
  function tell(happening: Happening): void {
    // Nor does one that was removed meanwhile.
    if (on.plan.world.set === 'arm' && !on.registry.isCurrent(happening)) return;
    const name = `telling ${++tellings}`;
    const instance = someone(`${name} to`);
    trace(
      () =>
        `${name}: ${happening.kind} of image ${happening.image} in ${happening.region}, to ${instance?.label ?? 'nobody'}`,
    );
    if (instance === undefined) return;
    const delivery = toDelivery(happening, 'webhook', instance);
    const said = say(happening, delivery.fact);
    instance.tracker.heard(on.settings, happening.region);
    const limit = on.options.recordWithinMs + on.options.deferWithinMs;
    const overdue = scheduler.at(scheduler.now() + limit + 1, () => {
      if (!instance.isDead)
        on.violate('a webhook is answered in time', `${name} on ${instance.label} has no answer after ${limit} ms`);
    });
    instance.tracker.receive(delivery).then(
      (receipt) => {
        overdue();
        counters.count('webhooks', receipt);
        acknowledge(said, receipt !== 'deferred');
        trace(() => `${name} is answered: ${receipt}`);
      },
      () => {
        overdue();
        counters.count('webhooks', 'refused');
      },
    );
  }

  function say(happening: Happening, fact: Fact): Said {
    return on.history.say({
      image: happening.image,
      fact,
      saidAt: scheduler.now(),
      keptAt: undefined,
      knownAt: undefined,
    });
  }

  function acknowledge(said: Said, isStored: boolean): void {
    said.keptAt = scheduler.now();
    if (isStored) said.knownAt = scheduler.now();
  }

  function happen(
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
    const happening = on.registry.happen({
      image: image % on.plan.world.images,
      digest: name.digest,
      region: place,
      kind,
      tag: tag === undefined ? undefined : on.tagOf(tag),
    });
    if (delays.length === 0) counters.count('webhooks', 'lost');
    for (const delay of delays) scheduler.at(scheduler.now() + delay, () => tell(happening));
  }

  /** The registry's own log: what was not answered with 2xx is taken in again. */
  function readLog(index: number): void {
    const instance = someone(`log ${index} by`);
    if (instance === undefined) return;
    const isKept = (one: Happening) =>
      on.history.said.some(
        ({ fact, image, keptAt }) =>
          image === one.image && fact.region === one.region && fact.eventTime === one.eventTime && keptAt !== undefined,
      );
    for (const happening of on.registry.happenings.filter((one) => !isKept(one))) {
      const delivery = toDelivery(happening, 'deliveryLog', instance);
      const said = say(happening, delivery.fact);
      instance.tracker.process(delivery).then(
        (receipt) => {
          counters.count('delivery log', receipt);
          acknowledge(said, receipt !== 'deferred');
        },
        () => counters.count('delivery log', 'refused'),
      );
    }
  }

  return {
    carryOut(command, index) {
      const living = on.living();
      const chosen = 'instance' in command ? living[command.instance % Math.max(1, living.length)] : undefined;
      trace(
        () =>
          `command ${index} at ${clockText(scheduler.now())}: ${JSON.stringify(command)}${chosen === undefined ? '' : ` → ${chosen.label}`}`,
      );
      counters.count('commands', command.kind);
      if (command.kind === 'push') happen('push', command.image, command.region, command.tag, command.tellings);
      else if (command.kind === 'delete') happen('delete', command.image, command.region, undefined, command.tellings);
      else if (command.kind === 'pushEverywhere') {
        for (const region of on.regions.keys())
          happen('push', command.image, region, command.tag, command.tellings[region] ?? []);
      } else if (command.kind === 'deleteEverywhere') {
        for (const region of on.regions.keys())
          happen('delete', command.image, region, undefined, command.tellings[region] ?? []);
      } else if (command.kind === 'replicas') {
        if (on.plan.world.set === 'arm')
          on.registry.setReplicas(Math.min(command.count, on.regions.length), command.isSeeding);
      } else if (command.kind === 'outage') {
        network.out.add(command.of);
        scheduler.at(scheduler.now() + command.forMs, () => network.out.delete(command.of));
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
      } else if (command.kind === 'wait') void questions.wait(chosen, command);
      else if (command.kind === 'answer') void questions.answer(chosen, command.about);
      else if (command.kind === 'refresh') void chosen.tracker.refreshReplicas(on.settings);
      else if (command.kind === 'notice')
        chosen.tracker.notice(on.nameOf(command.image % on.plan.world.images)).catch(() => undefined);
    },
  };
}
