/** Who waits now: images and releases that are waited for, by how many requests and checks, and for how long. */
import { make, part, setHidden, setText } from './dom.ts';
import { plural, shortReference, visible } from './format.ts';
import { formatHash, parseHash } from './hash-state.ts';
import { liveTime } from './live-times.ts';
import { createRowTable } from './row-table.ts';
import type { Ask, Page, Screen, Shown } from './screen.ts';
import { makeCell, rowHeader } from './table.ts';

/** As `/api/waiting` answers. */
interface Waiting {
  readonly kind: 'image' | 'release';
  readonly name: string;
  readonly requests: number;
  readonly checks: number;
  readonly since: string;
}

interface Answer {
  readonly waiting: readonly Waiting[];
  readonly total: number;
  readonly instances: number;
  /** An older tracker leaves it out. */
  readonly checksComplete?: boolean;
}

export function waitingScreen(page: Page): Screen {
  const show = createRowTable<Waiting>({
    place: 'waiting-list',
    none: 'nobody-waits',
    caption: 'Who waits now, the longest first',
    columns: [{ name: 'Waited for' }, { name: 'Since' }, { name: 'Requests' }, { name: 'Checks' }],
    keyOf: ({ kind, name }) => `${kind} ${name}`,
    row: () => (waiting) => cellsOf(waiting, page.now()),
  });
  let title = 'Waiting';

  return {
    async refresh({ registry }: Shown, ask: Ask) {
      const {
        waiting,
        total,
        instances,
        checksComplete = true,
      } = await ask<Answer>('waiting', { registry: registry.name });
      title = total === 0 ? 'Nobody waits' : `${total} waited for`;
      show(waiting);
      setText(part('waiting-headline'), headline(total, instances, checksComplete));
      setHidden(part('waiting-headline'), total === 0 && checksComplete);
    },
    title: () => title,
    focus: () => part('waiting-title').focus({ preventScroll: true }),
    clear() {
      title = 'Waiting';
      show([]);
    },
  };
}

function headline(total: number, instances: number, isComplete: boolean): string {
  const held = instances === 0 ? 'no request is held' : `requests are held by ${plural(instances, 'instance')}`;
  const waited = `${plural(total, 'image or release', 'images and releases')} ${total === 1 ? 'is' : 'are'} waited for; ${held}.`;
  return isComplete ? waited : `${waited} Not all deployment checks could be read: more may wait.`;
}

function cellsOf({ kind, name, requests, checks, since }: Waiting, now: number): HTMLTableCellElement[] {
  const opened = kind === 'release' ? { screen: kind, release: name } : { screen: 'image' as const, image: name };
  const href = formatHash({ ...parseHash(''), ...opened });
  return [
    rowHeader(
      make('a', { href, class: 'open', title: visible(name) }, kind === 'image' ? shortReference(name) : visible(name)),
      kind === 'release' ? make('span', { class: 'tag' }, 'release') : undefined,
    ),
    makeCell('Since', {}, liveTime('ago', since, now)),
    makeCell('Requests', {}, String(requests)),
    makeCell('Checks', {}, String(checks)),
  ];
}
