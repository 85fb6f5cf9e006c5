/** The result of a run, as text, Markdown or JSON. */
import { textTable } from '../../src/cli/text-table.ts';
import type { Tally, Violation } from './random-requests.ts';
import type { FuzzResult } from './run-fuzz.ts';

const head = ['route', 'requests', 'statuses seen', 'slowest ms', 'violations'];

export function isClean({ violations, afterwards, log, resources }: FuzzResult): boolean {
  return violations.length + afterwards.length + log.length === 0 && resources.every(({ found }) => found.length === 0);
}

export function formatReport(result: FuzzResult, isMarkdown: boolean): string {
  const rows = Object.entries(result.routes).map(([route, tally]) => rowOf(route, tally));
  const { requests, seconds, seed } = result;
  const rate = Math.round(requests / Math.max(1, seconds));
  const parts = [
    requests === 0 ? '' : isMarkdown ? markdownTable([head, ...rows]) : textTable(head, rows),
    `${requests} requests in ${Math.round(seconds)} s (${rate} a second), seed ${seed}`,
    result.memory,
    ...result.resources.flatMap(({ name, figures, found }) => [
      `${name}: ${figures}`,
      ...found.map((one) => `  VIOLATION ${one}`),
    ]),
    ...[...result.afterwards, ...result.log].map((one) => `VIOLATION ${one}`),
    ...result.violations.map(describeViolation),
    isClean(result) ? 'No violations.' : '',
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

export function describeViolation({ route, seed, note, found, request, answer }: Violation): string {
  const title = `VIOLATION ${route}${note === '' ? '' : ` (${note})`}: ${found.join('; ')}`;
  const again = `  again: npm run fuzz -- --only '${route}' --seed ${seed} --requests 1`;
  return [title, again, '--- sent', request, '--- answered', answer, '---'].join('\n');
}

function rowOf(route: string, { requests, statuses, slowestMs, violations }: Tally): string[] {
  const seen = [...statuses].sort(([a], [b]) => a.localeCompare(b)).map(([status, times]) => `${status}\u00d7${times}`);
  return [route, String(requests), seen.join(' '), slowestMs.toFixed(0), String(violations)];
}

function markdownTable(rows: readonly (readonly string[])[]): string {
  const [first = [], ...others] = rows.map((row) => `| ${row.join(' | ')} |`);
  return [first, `|${' --- |'.repeat(head.length)}`, ...others].join('\n');
}
