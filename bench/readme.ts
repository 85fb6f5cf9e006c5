/**
 * Puts the tables where readers look for them: all of them on a page of their own, and in the README those that say whether
 * it is worth having. Figures copied by hand are figures of some other run, so between its two markers each page holds what
 * the command wrote, and nothing else.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { PartName } from './options.ts';
import type { Result } from './section.ts';
import { formatMarkdown } from './section.ts';

const root = new URL('../', import.meta.url);
const figures = 'docs/figures.md';
const readme = 'README.md';
/** The others are for those who want to know more, and make a first look at the project a long one. */
const shownFirst: readonly PartName[] = ['tracker', 'alternatives'];
const between = /(?<=^<!-- bench:start -->\n)[\s\S]*?(?=^<!-- bench:end -->$)/m;

/** @throws Error when there is nowhere to write to: asked before a run of minutes, not after it */
export function checkPages(): void {
  for (const page of [figures, readme]) {
    if (between.test(readFileSync(new URL(page, root), 'utf8'))) continue;
    throw new Error(`${page}: needs the lines <!-- bench:start --> and <!-- bench:end -->`);
  }
}

export function writePages(result: Result): void {
  write(figures, result);
  const first = firstOf(result);
  // A run of other parts has nothing to say there.
  if (Object.keys(first.sections).length > 0) write(readme, first);
}

/** What the README shows of it. */
export function firstOf({ machine, sections }: Result): Result {
  const names: readonly string[] = shownFirst;
  return { machine, sections: Object.fromEntries(Object.entries(sections).filter(([name]) => names.includes(name))) };
}

function write(page: string, result: Result): void {
  const file = new URL(page, root);
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    text.replace(between, () => `\n${formatMarkdown(result)}\n\n`),
  );
}
