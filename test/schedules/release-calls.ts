/** Calls that create, change, delete, read and wait for releases, and whether the answers are true. */

import type { ReleaseEvaluation } from '../../src/core/releases/evaluate-release.ts';
import type { ReleaseContent } from '../../src/core/releases/release.ts';
import type { Case } from './case.ts';
import { seenBetween } from './history.ts';
import type { Instance } from './instance.ts';
import { judgeDocument } from './judge-answer.ts';
import { judgeRepeat } from './judge-release.ts';
import type { Command } from './plan.ts';
import type { ReleaseCall } from './release-log.ts';

const kinds = ['putRelease', 'deleteRelease', 'readRelease', 'waitForRelease'] as const;
type AboutRelease = Command & { readonly kind: (typeof kinds)[number] };

export function isAboutRelease(command: Command): command is AboutRelease {
  return kinds.some((kind) => kind === command.kind);
}

export interface ReleaseCalls {
  carryOut(instance: Instance, command: AboutRelease): Promise<void>;
}

const rules = { answer: 'an answer is true', kept: 'an acknowledged fact is kept' } as const;

export function releaseCalls(on: Case): ReleaseCalls {
  const nameOf = (name: number) => `shop-${name}`;

  function contentOf({ images, require, artifacts, platforms }: Command & { kind: 'putRelease' }): ReleaseContent {
    const named = images.map((image) => `${on.settings.loginServer}/${on.repository}@${on.nameOf(image).digest}`);
    const besides = { ...(artifacts && { artifacts }), ...(platforms && { platforms }) };
    return { images: [...new Set(named)], regions: null, require, ...besides };
  }

  function begin(name: string, content: ReleaseContent | undefined): ReleaseCall {
    const call: ReleaseCall = {
      ...{ name, content, askedAt: on.scheduler.now() },
      ...{ answeredAt: undefined, outcome: undefined, revision: undefined },
    };
    on.releases.calls.push(call);
    return call;
  }

  async function put({ releases }: Instance, command: Command & { kind: 'putRelease' }): Promise<void> {
    const content = contentOf(command);
    const call = begin(nameOf(command.name), content);
    const made = await releases.put(call.name, content).finally(() => {
      call.answeredAt = on.scheduler.now();
    });
    call.outcome = made.outcome;
    if (made.found.kind === 'evaluated') call.revision = made.found.release;
    on.counters.count('releases', made.outcome);
    on.trace(() => `${call.name} is ${made.outcome}, revision ${call.revision?.revision}`);
    judgeRepeat(on, call);
  }

  async function remove({ releases }: Instance, name: string): Promise<void> {
    const call = begin(name, undefined);
    await releases.remove(name).finally(() => {
      call.answeredAt = on.scheduler.now();
    });
    call.outcome = 'removed';
    on.counters.count('releases', 'deleted');
  }

  async function ask(
    { releases, tracker, label }: Instance,
    name: string,
    timeoutMs: number | undefined,
  ): Promise<void> {
    const askedAt = on.scheduler.now();
    const found = await (timeoutMs === undefined ? releases.read(name) : releases.wait(name, timeoutMs));
    on.counters.count('releases', `${timeoutMs === undefined ? 'read' : 'waited for'}: ${outcomeOf(found)}`);
    if (found.kind !== 'evaluated') return;
    const { document, outcome } = found.result;
    const view = seenBetween(askedAt, on.scheduler.now());
    const set = tracker.replicaSet(on.settings);
    const { artifacts, platforms } = found.release;
    for (const image of document.images)
      judgeDocument(on, image, set, view, rules, { artifacts, platforms, label, askedAt });
    const areThere = document.images.every(({ satisfied }) => satisfied);
    if ((outcome === 'satisfied') !== areThere)
      on.violate(
        'an answer is true',
        `${name} is ${outcome}, and of its images ${areThere ? 'none' : 'some'} is missing`,
      );
  }

  return {
    async carryOut(instance, command) {
      await instance.tracker.ready(on.settings);
      const name = nameOf(command.name);
      const done =
        command.kind === 'putRelease'
          ? put(instance, command)
          : command.kind === 'deleteRelease'
            ? remove(instance, name)
            : ask(instance, name, command.kind === 'waitForRelease' ? command.timeoutMs : undefined);
      await done.catch(() => on.counters.count('releases', `${command.kind} failed`));
    },
  };
}

function outcomeOf(found: ReleaseEvaluation): string {
  return found.kind === 'evaluated' ? found.result.outcome : found.kind;
}
