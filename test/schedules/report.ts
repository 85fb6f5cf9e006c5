/** What a run found, as plain text for a terminal, as Markdown for a page, and as JSON for a program. */

import type { Replacements } from './instance.ts';
import type { Failure, Summary } from './run-many.ts';
import { runSchedule } from './run-schedule.ts';
import { toPath } from './shrink.ts';

type Rows = readonly (readonly [string, number | string])[];

function tablesOf(summary: Summary): readonly { readonly title: string; readonly rows: Rows }[] {
  const perSecond = summary.count / summary.processorSeconds;
  const found: Rows = [...summary.violations].map(([rule, seeds]) => [rule, seeds.length]);
  const groups = [...summary.counters.groups].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    {
      title: 'run',
      rows: [
        ['schedules', summary.count],
        ['seeds', `${summary.firstSeed} to ${summary.firstSeed + summary.count - 1}`],
        ['steps', summary.steps],
        ['different interleavings', summary.interleavings],
        ['seconds', summary.seconds.toFixed(1)],
        ['schedules per second of processor time', perSecond.toFixed(0)],
      ],
    },
    { title: 'schedules that broke a rule', rows: found.length > 0 ? found : [['none', 0]] },
    ...groups.map(([title, names]) => ({ title, rows: [...names].sort(([a], [b]) => (a < b ? -1 : 1)) })),
  ];
}

export function toText(summary: Summary): string {
  return tablesOf(summary)
    .map(({ title, rows }) =>
      [title, ...rows.map(([name, value]) => `  ${name.padEnd(46)} ${String(value).padStart(12)}`)].join('\n'),
    )
    .join('\n\n');
}

export function toMarkdown(summary: Summary): string {
  return tablesOf(summary)
    .map(({ title, rows }) => (rows.every(isPair) ? crossTable(title, rows) : plainTable(title, rows)))
    .join('\n\n');
}

function plainTable(title: string, rows: Rows): string {
  return [`| ${title} | |`, '| --- | --: |', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n');
}

/** Whether the name has two parts: a fault, and the port whose call failed. */
function isPair([name]: Rows[number]): boolean {
  return name.split(', ').length === 2;
}

function crossTable(title: string, rows: Rows): string {
  const [columns = [], names = []] = [0, 1].map((i) => [...new Set(rows.map(([name]) => name.split(', ')[i] ?? ''))]);
  const values = new Map(rows);
  const line = (name: string) => [name, ...columns.map((column) => values.get(`${column}, ${name}`) ?? 0)];
  return [[title, ...columns], ['---', ...columns.map(() => '--:')], ...names.map(line)]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

export function toJson(summary: Summary): string {
  const { counters, violations, failures, ...rest } = summary;
  const groups = Object.fromEntries([...counters.groups].map(([group, names]) => [group, Object.fromEntries(names)]));
  const found = failures.map(({ seed, violation, small }) => ({
    seed,
    ...violation,
    path: toPath(small.kept),
    commands: small.outcome.commands,
  }));
  return JSON.stringify({ ...rest, violations: Object.fromEntries(violations), failures: found, counters: groups });
}

/** Everything one needs to see it again, and to understand it. */
export async function describeFailure(
  { seed, violation, small }: Failure,
  replacements?: Replacements,
): Promise<string> {
  const lines: string[] = [];
  await runSchedule(seed, { kept: small.kept, replacements, trace: (line) => lines.push(line) });
  // What follows the last violation explains nothing.
  const last = lines.findLastIndex((line) => line.includes('VIOLATION'));
  return [
    `${violation.rule}: ${violation.detail}`,
    `smallest found: ${small.outcome.commands} commands, ${small.kept.choices.size} faults and delays, after ${small.runs} tries`,
    ...lines.slice(0, last + 1),
    `again: npm run schedules -- --seed ${seed} --path '${toPath(small.kept)}' --verbose`,
  ].join('\n');
}
