/** The page about GitHub workflows: its YAML is YAML, and uses the action as the action is. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/github-actions.md', root), 'utf8');
const action = parse(readFileSync(new URL('action.yml', root), 'utf8'));
const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => ({ text, value: parse(text) }));

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

/** A whole workflow, or the steps of a job. */
function stepsOf(value: unknown): Step[] {
  if (Array.isArray(value)) return value;
  const { jobs } = value as { jobs: Record<string, { steps: Step[] }> };
  return Object.values(jobs).flatMap(({ steps }) => steps);
}

const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const ours = (step: Step) => step.uses?.endsWith(`/acr-replication-tracker@v${version}`) === true;

describe.each(blocks)('block %#', ({ text, value }) => {
  const steps = stepsOf(value).filter(ours);

  test('uses the action, with inputs that it has', () => {
    expect(steps.length).toBeGreaterThan(0);
    for (const { with: inputs = {} } of steps) {
      expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(inputs)));
      expect(Object.keys(inputs).some((name) => name === 'image' || name === 'file')).toBe(true);
    }
  });

  test('reads outputs that there are', () => {
    for (const [, id = '', output = ''] of text.matchAll(/\bsteps\.([\w-]+)\.outputs\.([\w-]+)/g)) {
      expect(steps.map((step) => step.id)).toContain(id);
      expect(Object.keys(action.outputs)).toContain(output);
    }
  });

  test('reads of other jobs only what they hand on', () => {
    for (const [, job = '', output = ''] of text.matchAll(/\bneeds\.([\w-]+)\.outputs\.([\w-]+)/g)) {
      expect(Object.keys(value.jobs[job].outputs)).toContain(output);
    }
  });
});

describe('the tables', () => {
  const cells = (heading: string) => [
    ...(page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '').matchAll(/^\| `(\w+)` \|(?:.*\| `?([^`|]*)`? )?/gm),
  ];

  test('list every input and output', () => {
    expect(cells('Inputs').map(([, name]) => name)).toEqual(Object.keys(action.inputs));
    expect(cells('Outputs').map(([, name]) => name)).toEqual(Object.keys(action.outputs));
  });

  test('and the defaults that action.yml has', () => {
    for (const [, name = '', value = ''] of cells('Inputs')) {
      const { default: expected } = action.inputs[name];
      if (expected !== undefined) expect(value.trim()).toBe(expected);
    }
  });
});
