/** The open waits: for which images and releases, with which requirement, by how many clients, and for how long. */
import { make, part, setHidden, setText } from './dom.ts';
import { plural, shortReference, visible } from './format.ts';
import { formatHash, parseHash } from './hash-state.ts';
import { liveTime } from './live-times.ts';
import type { Required } from './requirement-words.ts';
import { requirementText, requirementTip } from './requirement-words.ts';
import { createRowTable } from './row-table.ts';
import type { Ask, Page, Screen, Shown } from './screen.ts';
import { makeCell, rowHeader } from './table.ts';

/** As `/api/waiting` answers. */
interface Waiting extends Required {
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
  /** Absent in answers of an older tracker. */
  readonly checksComplete?: boolean;
}

export function waitingScreen(page: Page): Screen {
  const show = createRowTable<Waiting>({
    place: 'waiting-list',
    none: 'nobody-waits',
    caption: 'Who waits now, the longest first',
    columns: [
      { name: 'Waited for' },
      { name: 'Requirement' },
      { name: 'Since' },
      { name: 'Requests' },
      { name: 'Checks' },
    ],
    keyOf: ({ kind, name, regions, require, artifacts, platforms }) =>
      JSON.stringify([kind, name, regions, require, artifacts, platforms]),
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
      // An image with several requirements has several rows.
      const named = new Set(waiting.map(({ kind, name }) => `${kind} ${name}`)).size;
      title = named === 0 ? 'Nobody waits' : `${named} waited for`;
      show(waiting.toSorted((a, b) => Date.parse(a.since) - Date.parse(b.since)));
      const cut = total > waiting.length ? ` The ${waiting.length} longest waits of ${total} are listed.` : '';
      setText(part('waiting-headline'), headline(named, instances, checksComplete) + cut);
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

function headline(named: number, instances: number, isComplete: boolean): string {
  const held = instances === 0 ? 'only deployment checks wait' : `requests wait on ${plural(instances, 'instance')}`;
  const waited = `${plural(named, 'image or release', 'images and releases')} ${named === 1 ? 'is' : 'are'} waited for; ${held}.`;
  return isComplete ? waited : `${waited} Not all deployment checks could be read: more may wait.`;
}

function cellsOf(waiting: Waiting, now: number): HTMLTableCellElement[] {
  const { kind, name, artifacts, requests, checks, since } = waiting;
  const opened =
    kind === 'release'
      ? { screen: kind, release: name }
      : { screen: 'image' as const, image: name, artifacts: artifacts?.join(',') };
  const href = formatHash({ ...parseHash(''), ...opened });
  return [
    rowHeader(
      make('a', { href, class: 'open', title: visible(name) }, kind === 'image' ? shortReference(name) : visible(name)),
      kind === 'release' ? make('span', { class: 'tag' }, 'release') : undefined,
    ),
    makeCell(
      'Requirement',
      { title: requirementTip(waiting) },
      kind === 'release' ? 'as set in the release' : requirementText(waiting),
    ),
    makeCell('Since', {}, liveTime('ago', since, now)),
    makeCell('Requests', {}, String(requests)),
    makeCell('Checks', {}, String(checks)),
  ];
}
