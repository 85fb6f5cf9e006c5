/**
 * Logging commands of Azure Pipelines: output variables, an issue on the run's page, progress.
 * Escaping as in azure-pipelines-task-lib, taskcommand.ts.
 */
import type { BuildReport } from './build-report.ts';
import type { Output } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import { outputsOf } from './outputs.ts';
import { countOf } from './verdict.ts';

export function azurePipelinesReport(output: Output): BuildReport {
  let shown = '';
  return {
    answered(answer) {
      const text = `in ${countOf(answer)}`;
      if (text === shown) return;
      shown = text;
      const value = String(Math.min(100, Math.floor((100 * answer.have) / Math.max(1, answer.needed))));
      printLine(output, loggingCommand('task.setprogress', { value }, text));
    },
    async finish({ isGood, text, hint }, answers, state) {
      for (const [variable, value] of Object.entries(outputsOf(answers, state))) {
        printLine(output, loggingCommand('task.setvariable', { variable, isOutput: 'true' }, value));
      }
      if (isGood) return;
      const message = hint === undefined ? text : `${text} ${hint}`;
      printLine(output, loggingCommand('task.logissue', { type: 'error' }, message));
    },
  };
}

export function loggingCommand(name: string, properties: Readonly<Record<string, string>>, data: string): string {
  const listed = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)};`);
  return `##vso[${name} ${listed.join('')}]${escapeData(data)}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%AZP25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(']', '%5D').replaceAll(';', '%3B');
}
