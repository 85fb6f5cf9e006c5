/**
 * Progress of several images for a terminal: a table that is rewritten in place. Separate from the progress for logs,
 * which an action imports from a checkout without installed packages.
 */

import { formatDuration } from '../core/runtime/format-duration.ts';
import type { CliContext } from './cli-context.ts';
import type { Failure } from './failure.ts';
import { withSize } from './live-output.ts';
import type { SeveralAnswer } from './several-document.ts';
import { countImages, nameRequest } from './several-document.ts';
import type { SeveralProgress } from './several-progress.ts';
import { severalRows } from './several-table.ts';
import type { Paint } from './terminal.ts';
import { painter } from './terminal.ts';
import type { Column } from './text-table.ts';
import { textTable } from './text-table.ts';
import type { SeveralRequest } from './wait-request.ts';

export interface SeveralScene {
  readonly request: SeveralRequest;
  readonly answer: SeveralAnswer | undefined;
  readonly notices: readonly string[];
  readonly elapsedMs: number;
  readonly size: { readonly columns: number; readonly rows: number };
}

export async function liveSeveral(request: SeveralRequest, cliContext: CliContext): Promise<SeveralProgress> {
  const { stderr, clock, environment } = cliContext;
  const { createLogUpdate } = await import('log-update');
  const output = withSize(stderr);
  const update = createLogUpdate(output);
  const paint = painter(stderr, environment);
  const startedAt = clock.now();
  let answer: SeveralAnswer | undefined;
  let failure: Failure | undefined;
  let hints: string[] = [];
  const show = () => {
    const notices = [...hints, ...(failure === undefined ? [] : [`${failure.message}; asking again`])];
    const scene = { request, answer, notices, size: output };
    update(drawSeveral({ ...scene, elapsedMs: clock.now() - startedAt }, paint));
  };
  show();
  const timer = setInterval(show, 1_000);
  return {
    answered(latest) {
      answer = latest;
      failure = undefined;
      if (!latest.images.some(({ state }) => state === 'unknown')) hints = [];
      show();
    },
    failed(latest) {
      failure = latest;
      show();
    },
    movedOn() {},
    unknown(line) {
      hints.push(line);
      show();
    },
    finish() {
      clearInterval(timer);
      show();
      update.done();
    },
  };
}

/** The mark says what the state is. A line longer than the terminal would break what is rewritten in place: all may be cut. */
const columns: readonly Column[] = [
  { name: 'image', minWidth: 4, isCutInside: true },
  { name: 'regions', isRight: true },
  { name: 'missing', minWidth: 4, isList: true },
];

/** A row for each image; where the terminal has too few lines, waiting images come first. */
export function drawSeveral({ request, answer, notices, elapsedMs, size }: SeveralScene, paint: Paint): string {
  const time = paint('dim', `${formatDuration(elapsedMs)} of ${formatDuration(request.timeoutMs)}`);
  const notes = notices.map((line) => paint('yellow', `! ${line}`));
  if (answer === undefined) return [`${nameRequest(request)}  ${time}`, ...notes].join('\n');
  const room = Math.max(1, size.rows - 3 - notes.length);
  const isTooMany = answer.images.length > room;
  const all = isTooMany ? answer.images.toSorted((a, b) => Number(a.satisfied) - Number(b.satisfied)) : answer.images;
  const shown = all.slice(0, room);
  const rows = severalRows(answer, shown).map(([name = '', state = '', count = '', missing = '']) => [
    name,
    count,
    state === 'deleted' ? state : missing,
  ]);
  // The mark and the blank behind it, and a column that stays empty: some terminals wrap a line that fills them.
  const table = textTable(columns, rows, { width: Math.max(1, size.columns - 3), hasHead: false });
  const lines = table.split('\n').map((line, i) => {
    const { satisfied = false, state = '' } = shown[i] ?? {};
    const mark = satisfied ? '✔' : state === 'deleted' ? '✖' : '·';
    return `${paint(satisfied ? 'green' : state === 'deleted' ? 'red' : 'yellow', mark)} ${line}`;
  });
  const rest = isTooMany ? [paint('dim', `  and ${answer.images.length - shown.length} more`)] : [];
  return [`${countImages(answer)} are where they must be  ${time}`, ...lines, ...rest, ...notes].join('\n');
}
