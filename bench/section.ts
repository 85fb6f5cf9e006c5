/**
 * The result of one part of the benchmark: rows of named figures, the ratios first. One structure for the terminal,
 * `--json` and the pages, so that the three agree.
 */
export interface Section {
  readonly title: string;
  /** How to read it, and what it is compared with. */
  readonly note: string;
  /** The same columns, in the same order, in every row. */
  readonly rows: readonly Readonly<Record<string, string | number>>[];
  /** Wrong results: printed after the tables, and the run fails. */
  readonly faults?: readonly string[];
}

export interface Result {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly sections: Readonly<Record<string, Section>>;
}

/** For a terminal: columns that line up. */
export function formatText({ machine, sections }: Result): string {
  const about = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  return [about.join(', '), ...Object.values(sections).map(formatSection)].join('\n\n');
}

function formatSection({ title, note, rows }: Section): string {
  const lines = cells(rows);
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const text = lines.map((line) => line.map((cell, i) => align(cell, widths[i] ?? 0, i)).join('  '));
  return [title, `  ${note}`, ...text.map((line) => `  ${line.trimEnd()}`)].join('\n');
}

/** For the pages: one Markdown table per part. */
export function formatMarkdown({ machine, sections }: Result): string {
  const about = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  const tables = Object.values(sections).map(({ title, note, rows }) => {
    const [head = [], ...lines] = cells(rows);
    const row = (line: readonly string[]) => `| ${line.join(' | ')} |`;
    const rule = row(head.map((_, i) => (i === 0 ? '---' : '--:')));
    return [`**${title}** ${note}`, '', row(head), rule, ...lines.map(row)].join('\n');
  });
  return [...tables, `Measured with ${about.join(', ')}.`].join('\n\n');
}

function cells(rows: Section['rows']): string[][] {
  const columns = Object.keys(rows[0] ?? {});
  return [columns, ...rows.map((row) => columns.map((column) => format(row[column] ?? '')))];
}

function format(value: string | number): string {
  if (typeof value === 'string') return value;
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function align(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
