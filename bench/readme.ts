/**
 * Puts the tables where readers look for them. Figures copied by hand are figures of some other run, so the README holds
 * what the command wrote, and nothing else, between its two markers.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const readme = new URL('../README.md', import.meta.url);
const between = /(?<=^<!-- bench:start -->\n)[\s\S]*?(?=^<!-- bench:end -->$)/m;

/** @throws Error when there is nowhere to write to: asked before a run of minutes, not after it */
export function checkReadme(): void {
  if (!between.test(readFileSync(readme, 'utf8'))) {
    throw new Error('README.md: needs the lines <!-- bench:start --> and <!-- bench:end -->');
  }
}

export function writeReadme(tables: string): void {
  const text = readFileSync(readme, 'utf8');
  writeFileSync(
    readme,
    text.replace(between, () => `\n${tables}\n\n`),
  );
}
