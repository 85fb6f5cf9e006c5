/**
 * Progress of several images for a terminal: a table that is rewritten in place. Separate from the progress for logs,
 * which an action imports from a checkout without installed packages.
 */

import { formatDuration } from '../core/runtime/format-duration.ts';
import type { CliContext } from './cli-context.ts';
import type { Failure } from './failure.ts';
import { withSize } from './live-output.ts';
import type { SeveralAnswer } from './several-document.ts';
import { countImages, labeller, nameRequest } from './several-document.ts';
import type { SeveralProgress } from './several-progress.ts';
import type { Paint } from './terminal.ts';
import { painter } from './terminal.ts';
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

/** A row for each image; where the terminal has too few lines, waiting images come first. */
export function drawSeveral({ request, answer, notices, elapsedMs, size }: SeveralScene, paint: Paint): string {
  const time = paint('dim', `${formatDuration(elapsedMs)} of ${formatDuration(request.timeoutMs)}`);
  const notes = notices.map((line) => paint('yellow', `! ${line}`));
  if (answer === undefined) return [`${nameRequest(request)}  ${time}`, ...notes].join('\n');
  const room = Math.max(1, size.rows - 3 - notes.length);
  const isTooMany = answer.images.length > room;
  const all = isTooMany ? answer.images.toSorted((a, b) => Number(a.satisfied) - Number(b.satisfied)) : answer.images;
  const shown = all.slice(0, room);
  const labels = shown.map(labeller(answer.images));
  const width = Math.min(Math.max(...labels.map((label) => label.length)), Math.floor(size.columns / 2));
  const rows = shown.map((image, i) => {
    const mark = image.satisfied ? '✔' : image.state === 'deleted' ? '✖' : '·';
    const color = image.satisfied ? 'green' : image.state === 'deleted' ? 'red' : 'yellow';
    const count = `${image.have}/${image.asked.length}`;
    const line = `${(labels[i] ?? '').slice(0, width).padEnd(width)}  ${count}  ${image.satisfied ? '' : image.missing.join(', ')}`;
    return `${paint(color, mark)} ${line.slice(0, Math.max(1, size.columns - 3)).trimEnd()}`;
  });
  const rest = isTooMany ? [paint('dim', `  and ${answer.images.length - shown.length} more`)] : [];
  return [`${countImages(answer)} are where they must be  ${time}`, ...rows, ...rest, ...notes].join('\n');
}
