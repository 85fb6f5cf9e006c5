/**
 * Workflow commands, outputs and the step summary of GitHub Actions.
 * Escaping as in actions/toolkit, packages/core: command.ts and file-command.ts.
 */
import { randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import type { BuildReport } from './build-report.ts';
import type { Output } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import type { Answer } from './document.ts';
import type { Environment } from './environment.ts';
import { outputsOf } from './outputs.ts';
import { lagText, missingCell, regionState, requestedState } from './region-words.ts';
import type { Verdict } from './verdict.ts';

export function githubReport(output: Output, environment: Environment): BuildReport {
  return {
    answered() {},
    async finish(verdict, answers, state) {
      const { isGood, title, text, hint } = verdict;
      const message = hint === undefined ? text : `${text}\n${hint}`;
      printLine(output, workflowCommand(isGood ? 'notice' : 'error', { title }, message));
      await append(environment.GITHUB_STEP_SUMMARY, stepSummary(verdict, answers));
      await append(environment.GITHUB_OUTPUT, fileCommands(outputsOf(answers, state)));
    },
  };

  /** A file of the runner that cannot be written must not cost the verdict. */
  async function append(path: string | undefined, text: string): Promise<void> {
    if (path === undefined || path === '') return;
    await appendFile(path, text).catch((error: Error) => {
      printLine(output, workflowCommand('warning', {}, `could not be written: ${error.message}`));
    });
  }
}

export function workflowCommand(name: string, properties: Readonly<Record<string, string>>, data: string): string {
  const listed = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
  return `::${name}${listed.length === 0 ? '' : ` ${listed.join(',')}`}::${escapeData(data)}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** A random delimiter, so that no value can end itself and begin another. */
export function fileCommands(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => {
      const delimiter = `end-${randomUUID()}`;
      return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
    })
    .join('');
}

export function stepSummary({ title, text, hint }: Verdict, answers: readonly Answer[]): string {
  const lines = [`### ${escapeMarkdown(title)}`, '', escapeMarkdown(text), ''];
  if (hint !== undefined) lines.push(escapeMarkdown(hint), '');
  const [answer, ...others] = answers;
  if (others.length > 0) {
    lines.push('| image | state | regions | missing |', '| --- | --- | --- | --- |');
    for (const one of answers) {
      const cells = [one.image, requestedState(one), `${one.have} of ${one.asked.length}`, missingCell(one)];
      lines.push(`| ${cells.map(escapeMarkdown).join(' | ')} |`);
    }
    lines.push('');
  } else if (answer !== undefined && answer.regions.length > 0) {
    lines.push('| region | state | after the first | since |', '| --- | --- | --- | --- |');
    for (const region of answer.regions) {
      const cells = [region.region, regionState(answer, region), lagText(region), region.since ?? ''];
      lines.push(`| ${cells.map(escapeMarkdown).join(' | ')} |`);
    }
    lines.push('');
  }
  return `${lines.join('\n')}\n`;
}

/** As character references, which Markdown does not interpret. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[&<>|`*_~[\]\\#]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
