/** The real pushes and deletes in the registry of a story, in their order. */
import type { Report } from './history.ts';
import type { Kind } from './plan.ts';
import type { Random } from './random.ts';

const hour = 3_600_000;

/** One real push or delete, in all regions. */
export interface RegistryAction {
  readonly at: number;
  readonly action: Report['action'];
  readonly digest: string | null;
  readonly tag: string | null;
  readonly round: number;
}

export function registryActionsOf(
  kind: Kind,
  random: Random,
  digests: readonly string[],
  lengthMs: number,
): RegistryAction[] {
  const [a, b, c] = digests as [string, string, string];
  const gap = () => random.between(500, Math.round(lengthMs / 8));
  // Some stories began hours ago, and their first events come only now.
  const begin = random.chance(0.25) ? -random.between(1, 20) * hour : random.between(0, Math.round(lengthMs * 0.2));
  const list: RegistryAction[] = [];
  let at = begin;
  const add = (action: RegistryAction['action'], digest: string | null, tag: string | null) => {
    list.push({ at, action, digest, tag, round: list.length + 1 });
    at = Math.max(at, 0) + gap();
  };
  switch (kind) {
    case 'spread':
    case 'foreign':
    case 'armed':
    case 'single':
      add('push', a, 'v1');
      if (random.chance(0.4)) add('push', b, random.pick(['v1', 'v2', null]));
      break;
    case 'move':
      add('push', a, 'v1');
      add('push', b, 'v1');
      if (random.chance(0.3)) add('push', c, 'v1');
      break;
    case 'rollback':
      add('push', a, 'v1');
      at += Math.round(lengthMs / 6);
      add('push', b, 'v1');
      at += Math.round(lengthMs / 6);
      add('push', a, 'v1');
      break;
    case 'again':
      add('push', a, 'v1');
      at += Math.round(lengthMs / 6);
      add('delete', a, null);
      if (random.chance(0.7)) {
        at += Math.round(lengthMs / 6);
        add('push', a, 'v1');
        if (random.chance(0.3)) add('delete', a, null);
      }
      break;
    case 'unnamedDelete':
      add('push', a, 'v1');
      if (random.chance(0.5)) add('push', b, 'v2');
      at += Math.round(lengthMs / 6);
      add(random.pick(['untag', 'repositoryDelete']), null, 'v1');
      if (random.chance(0.5)) {
        at += Math.round(lengthMs / 6);
        add('push', a, 'v1');
      }
      break;
    case 'release':
      add('push', a, 'v1');
      add('push', b, 'v2');
      if (random.chance(0.7)) add('push', c, random.pick(['v3', null]));
      break;
    case 'family': {
      const [index = '', ...members] = digests;
      const pushAll = () => {
        for (const member of random.shuffle(members)) {
          add('push', member, null);
          at = (list.at(-1)?.at ?? at) + random.between(20, 150);
        }
        add('push', index, 'v1');
      };
      at = Math.max(0, at);
      pushAll();
      at += Math.round(lengthMs / 6);
      if (random.chance(0.5)) add('delete', random.chance(0.7) ? random.pick(members) : index, null);
      at += Math.round(lengthMs / 6);
      if (list.at(-1)?.action === 'delete' && random.chance(0.4)) pushAll();
      break;
    }
    case 'cachedAnswer':
      add('push', a, 'v1');
      break;
    default:
      for (let count = random.between(3, 6); count > 0; count--) {
        const action = random.pick(['push', 'push', 'push', 'delete', kind === 'random' ? 'untag' : 'push'] as const);
        if (action === 'untag') add('untag', null, 'v1');
        else add(action, random.pick(digests), action === 'push' ? random.pick(['v1', 'v1', 'v2', null]) : null);
      }
  }
  return list.map((one) => (one.action === 'repositoryDelete' ? { ...one, tag: null } : one));
}
