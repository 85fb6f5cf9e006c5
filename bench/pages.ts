/**
 * Writes the tables to the documentation page about figures, between two markers. Figures copied by hand would not
 * match any run.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Result } from './section.ts';
import { formatMarkdown } from './section.ts';

const figures = new URL('../docs/figures.md', import.meta.url);
const between = /(?<=^<!-- bench:start -->\n)[\s\S]*?(?=^<!-- bench:end -->$)/m;

/** @throws Error when a marker is missing: checked before a run of minutes, not after it */
export function checkPage(): void {
  if (between.test(readFileSync(figures, 'utf8'))) return;
  throw new Error('docs/figures.md: needs the lines <!-- bench:start --> and <!-- bench:end -->');
}

export function writePage(result: Result): void {
  const text = readFileSync(figures, 'utf8');
  writeFileSync(
    figures,
    text.replace(between, () => `\n${formatMarkdown(result)}\n\n`),
  );
}
