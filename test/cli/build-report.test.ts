/** What build systems get, and that no value can be a command to them. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loggingCommand } from '../../src/cli/azure-pipelines.ts';
import { buildReport } from '../../src/cli/build-system.ts';
import { readAnswer } from '../../src/cli/document.ts';
import { escapeMarkdown, fileCommands, stepSummary, workflowCommand } from '../../src/cli/github.ts';
import type { Verdict } from '../../src/cli/verdict.ts';
import { call } from '../support/call-command.ts';
import { digest, documentWith, pinned } from '../support/tracker-stand-in.ts';

const answer = readAnswer(documentWith(['eastus', 'westeurope'], ['southeastasia']));
const good: Verdict = { isGood: true, title: 'Image available', text: 'all is well', hint: undefined };
const bad: Verdict = { isGood: false, title: 'Too late, sadly', text: '100% late', hint: 'Wait longer.' };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-replication-cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function report(verdict: Verdict, environment: Record<string, string>): Promise<string> {
  const { err } = await call(async (cliContext) => {
    const build = buildReport(cliContext);
    if (answer === undefined) throw new Error('the document of the tests is none');
    build.answered(answer);
    build.answered(answer);
    await build.finish(verdict, answer === undefined ? [] : [answer], answer?.state);
    return 0;
  }, environment);
  return err;
}

test.each<[string, Record<string, string>, string, string]>([
  ['error', {}, 'plain: a, b', '::error::plain: a, b'],
  ['error', { title: 'a: b, c%' }, '50%\r\nnext', '::error title=a%3A b%2C c%25::50%25%0D%0Anext'],
  ['error', { title: 'x' }, '\n::stop-commands::y', '::error title=x::%0A::stop-commands::y'],
  ['notice', { title: 'x', file: 'y' }, '', '::notice title=x,file=y::'],
])('GitHub %s %j %j', (name, properties, data, command) => {
  expect(workflowCommand(name, properties, data)).toBe(command);
});

test.each<[string, Record<string, string>, string, string]>([
  ['task.logissue', { type: 'error' }, 'a;b]c', '##vso[task.logissue type=error;]a;b]c'],
  [
    'task.setvariable',
    { variable: 'a;b]c%\n' },
    '1%\r\n',
    '##vso[task.setvariable variable=a%3Bb%5Dc%AZP25%0A;]1%AZP25%0D%0A',
  ],
])('Azure Pipelines %s %j %j', (name, properties, data, command) => {
  expect(loggingCommand(name, properties, data)).toBe(command);
});

test('an output cannot end itself: its delimiter is another one each time', () => {
  const pattern = /^digest<<(\S+)\nx\ny\n\1\n$/;
  const [first, second] = [fileCommands({ digest: 'x\ny' }), fileCommands({ digest: 'x\ny' })];
  expect(first).toMatch(pattern);
  expect(second).toMatch(pattern);
  expect(first).not.toBe(second);
});

test('values are text in Markdown', () => {
  expect(escapeMarkdown('a|b <script> `c` [d](e) #1')).toBe(
    'a&#124;b &#60;script&#62; &#96;c&#96; &#91;d&#93;(e) &#35;1',
  );
});

describe('GitHub Actions', () => {
  test('an annotation, a summary and outputs', async () => {
    const [summary, outputs] = [join(folder, 'summary'), join(folder, 'outputs')];
    const environment = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: outputs };
    expect(await report(good, environment)).toBe('::notice title=Image available::all is well\n');
    expect(await report(bad, environment)).toBe('::error title=Too late%2C sadly::100%25 late%0AWait longer.\n');
    const written = await readFile(summary, 'utf8');
    expect(written).toContain('| region | state | after the first | since |\n| --- | --- | --- | --- |\n');
    expect(written).toContain('| westeurope | available | 1.5 s | 2026-06-01T12:00:00.000Z |\n');
    expect(written).toContain('| southeastasia | missing |  |  |\n');
    const values = [...(await readFile(outputs, 'utf8')).matchAll(/^(\w+)<<(\S+)\n(.*)\n\2\n/gm)];
    expect(values.slice(0, 3).map(([, name, , value]) => [name, value])).toEqual([
      ['digest', digest],
      ['image', pinned],
      ['state', 'replicating'],
    ]);
  });

  test('a file that cannot be written is a warning', async () => {
    const said = await report(good, { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: join(folder, 'no', 'folder') });
    expect(said).toMatch(/^::notice .*\n::warning::could not be written: ENOENT/);
  });

  test('without any answer there is no table', () => {
    expect(stepSummary(bad, [])).toBe('### Too late, sadly\n\n100% late\n\nWait longer.\n\n');
  });
});

test('Azure Pipelines: progress when it changes, variables, an issue only when it failed', async () => {
  const variables = [
    `##vso[task.setvariable variable=digest;isOutput=true;]${digest}`,
    `##vso[task.setvariable variable=image;isOutput=true;]${pinned}`,
    '##vso[task.setvariable variable=state;isOutput=true;]replicating',
    `##vso[task.setvariable variable=images;isOutput=true;]${JSON.stringify([
      { image: pinned, digest, state: 'replicating', satisfied: false },
    ])}`,
  ];
  const progress = '##vso[task.setprogress value=66;]in 2 of 3 regions';
  expect((await report(good, { TF_BUILD: 'True' })).split('\n')).toEqual([progress, ...variables, '']);
  const issue = '##vso[task.logissue type=error;]100%AZP25 late Wait longer.';
  expect((await report(bad, { TF_BUILD: 'True' })).split('\n')).toEqual([progress, ...variables, issue, '']);
});

test('elsewhere nothing', async () => {
  expect(await report(bad, { GITHUB_ACTIONS: 'false', TF_BUILD: '' })).toBe('');
});
