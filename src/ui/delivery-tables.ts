/** What was sent about one image or release besides events: forwarded webhooks, and verdicts of deployment checks. */
import { make, part, setText } from './dom.ts';
import { visible } from './format.ts';
import { lastAnswer } from './last-answer.ts';
import { fixedTime, liveTime } from './live-times.ts';
import { deliveryPill, tagChip } from './parts.ts';
import type { RowTable } from './row-table.ts';
import { createRowTable } from './row-table.ts';
import type { Page } from './screen.ts';
import { makeCell, rowHeader } from './table.ts';

/** As `/api/events` answers. */
export interface ShownForward {
  readonly id: string;
  readonly target: string;
  readonly tag: string;
  readonly time: string;
  readonly state: 'pending' | 'sent' | 'retrying' | 'accepted' | 'givenUp' | 'dropped';
  readonly attempts: number | null;
  readonly lastAt: string | null;
  readonly lastError: string | null;
}

export interface ShownCheck {
  readonly id: string;
  readonly kind: 'azurePipelines' | 'github';
  readonly acceptedAt: string;
  readonly deadlineAt: string;
  readonly state: 'waiting' | 'sending' | 'delivered' | 'nobodyWaits' | 'givenUp';
  readonly verdict: { readonly result: 'succeeded' | 'failed'; readonly comment: string } | null;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly finishedAt: string | null;
}

type Look = Parameters<typeof deliveryPill>[0];

export function createDeliveryTables(page: Page) {
  const showForwards = createRowTable<ShownForward>({
    place: 'image-forwards',
    none: 'no-forwards',
    caption: 'Webhooks forwarded because of this image',
    columns: [{ name: 'Target' }, { name: 'Due' }, { name: 'Delivery', class: 'state' }, { name: 'Attempts' }],
    keyOf: ({ id }) => id,
    row: () => (forward) => forwardCells(forward, page.now()),
  });
  const checks = createCheckTable(page, {
    place: 'image-checks',
    none: 'no-checks',
    caption: 'Deployment checks that named this image or a tag of it, newest first',
    named: 'this image or a tag of it. The page of a release shows those that named the release',
  });

  return {
    /**
     * @param shown `null` where they could not be read
     * @param isComplete whether the tracker has read all checks
     */
    show(forwards: readonly ShownForward[], shown: readonly ShownCheck[] | null, isComplete: boolean): void {
      showForwards(forwards);
      checks(shown, isComplete);
    },
  };
}

/** @param parts `named`: what a check in this table names, the image or the release */
export function createCheckTable(
  page: Page,
  { named, ...parts }: Pick<RowTable<ShownCheck>, 'place' | 'none' | 'caption'> & { readonly named: string },
): (checks: readonly ShownCheck[] | null, isComplete: boolean) => void {
  const show = createRowTable<ShownCheck>({
    ...parts,
    columns: [
      { name: 'Check' },
      { name: 'Verdict' },
      { name: 'Delivery', class: 'state' },
      { name: 'Attempts' },
      { name: 'Asked' },
    ],
    keyOf: ({ id }) => id,
    row: () => (check) => checkCells(check, page.now()),
  });
  return (checks, isComplete) => {
    setText(part(parts.none), noChecks(named, checks, isComplete));
    show(checks ?? []);
  };
}

/** The text in place of an empty table. */
function noChecks(named: string, checks: readonly ShownCheck[] | null, isComplete: boolean): string {
  if (checks === null) return 'The checks could not be read just now.';
  const which = isComplete ? 'No check of the last two days' : 'None of the 2,000 checks that were read, of more,';
  return `${which} named ${named}.`;
}

const forwardWords: Record<ShownForward['state'], readonly [look: Look, words: string, note: string]> = {
  pending: ['replicating', 'Not handed over yet', ''],
  sent: ['available', 'Sent', 'no failed attempt is known; whether the first one was accepted is not stored'],
  retrying: ['delayed', 'Not accepted yet', ''],
  accepted: ['available', 'Accepted', ''],
  givenUp: ['delayed', 'Given up after a day', ''],
  dropped: ['deleted', 'Not sent any more', ''],
};

/** For a state that only a newer tracker has. */
function unknownWords(state: string): readonly [look: Look, words: string, note: string] {
  return ['replicating', state, ''];
}

function forwardCells({ target, tag, time, state, attempts, lastAt, lastError }: ShownForward, now: number) {
  const [look, words, note] = Object.hasOwn(forwardWords, state) ? forwardWords[state] : unknownWords(state);
  const why = lastError === null ? '' : `: ${lastAnswer(lastError)}`;
  return [
    rowHeader(make('span', {}, visible(target)), tagChip(tag)),
    makeCell('Due', {}, fixedTime(time, now)),
    makeCell(
      'Delivery',
      { class: 'state' },
      deliveryPill(look, `${words}${why}`, lastError),
      note === '' ? undefined : make('span', { class: 'note muted' }, note),
      lastAt === null ? undefined : make('span', { class: 'note muted' }, 'last ', fixedTime(lastAt, now)),
    ),
    makeCell('Attempts', {}, attempts === null ? 'not stored' : String(attempts)),
  ];
}

const kinds: Record<ShownCheck['kind'], string> = { azurePipelines: 'Azure Pipelines', github: 'GitHub' };

const checkWords: Record<ShownCheck['state'], readonly [look: Look, words: string]> = {
  waiting: ['replicating', 'Waiting'],
  sending: ['delayed', 'Not accepted yet'],
  delivered: ['available', 'Accepted'],
  nobodyWaits: ['deleted', 'Nobody waits for it any more'],
  givenUp: ['delayed', 'Given up'],
};

function checkCells(check: ShownCheck, now: number) {
  const { kind, acceptedAt, deadlineAt, state, verdict, attempts, lastError, finishedAt } = check;
  const [look, words] = Object.hasOwn(checkWords, state) ? checkWords[state] : unknownWords(state);
  const why = lastError === null || state === 'delivered' ? '' : `: ${lastAnswer(lastError)}`;
  return [
    rowHeader(make('span', {}, Object.hasOwn(kinds, kind) ? kinds[kind] : visible(kind))),
    makeCell(
      'Verdict',
      {},
      verdict === null ? 'none yet' : make('span', {}, visible(verdict.result)),
      verdict === null ? undefined : make('span', { class: 'note muted' }, visible(verdict.comment)),
    ),
    makeCell(
      'Delivery',
      { class: 'state' },
      deliveryPill(look, `${words}${why}`, lastError),
      make(
        'span',
        { class: 'note muted' },
        ...(finishedAt !== null
          ? [fixedTime(finishedAt, now)]
          : state === 'waiting'
            ? ['until ', fixedTime(deadlineAt, now)]
            : []),
      ),
    ),
    makeCell('Attempts', {}, String(attempts)),
    makeCell('Asked', {}, liveTime('ago', acceptedAt, now)),
  ];
}
