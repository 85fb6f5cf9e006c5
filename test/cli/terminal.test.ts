/** Which streams get colours, and which get lines that are rewritten. */
import { expect, test } from 'vitest';
import type { Output } from '../../src/cli/cli-context.ts';
import { hasColor, isLive, painter } from '../../src/cli/terminal.ts';

const terminal = { isTTY: true } as Output;
const pipe = {} as Output;

test.each<[Output, Record<string, string>, boolean, boolean]>([
  [terminal, {}, true, true],
  [terminal, { TERM: 'xterm-256color' }, true, true],
  [terminal, { TERM: 'dumb' }, false, false],
  [terminal, { NO_COLOR: '1' }, false, true],
  [terminal, { NO_COLOR: '' }, true, true],
  [terminal, { CI: 'true' }, true, false],
  [terminal, { CI: 'false' }, true, true],
  [terminal, { CI: '0' }, true, true],
  [terminal, { FORCE_COLOR: '0' }, false, true],
  [terminal, { FORCE_COLOR: 'false' }, false, true],
  [terminal, { FORCE_COLOR: '1', NO_COLOR: '1' }, true, true],
  [pipe, {}, false, false],
  [pipe, { FORCE_COLOR: '1' }, true, false],
  [pipe, { FORCE_COLOR: '1', TERM: 'dumb' }, true, false],
])('%j with %j: colour %s, live %s', (output, environment, colored, live) => {
  expect(hasColor(output, environment)).toBe(colored);
  expect(isLive(output, environment)).toBe(live);
  expect(painter(output, environment)('red', 'x')).toBe(colored ? '\u001b[31mx\u001b[0m' : 'x');
});
