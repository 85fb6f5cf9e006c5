/**
 * The workflows can only be run where they are hosted; what can be said about them here is said here. An action that is
 * named by tag is whatever its owner makes of the tag, and a step that names a command which is gone fails after the merge.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { run } from '../support/run.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Record<string, string> };

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Record<string, unknown>;
}
interface Job {
  readonly permissions?: Record<string, string>;
  readonly needs?: readonly string[];
  readonly 'timeout-minutes'?: number;
  readonly strategy?: { readonly matrix: { readonly include: readonly { readonly command: string }[] } };
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly permissions?: Record<string, string>;
  readonly concurrency?: object;
  readonly jobs: Record<string, Job>;
}

/** The first major whose `action.yml` says `node24`, read in each repository. */
const firstOnNode24: Readonly<Record<string, number>> = {
  'actions/checkout': 5,
  'actions/setup-node': 5,
  'actions/upload-artifact': 6,
  'actions/download-artifact': 7,
  'actions/attest': 3,
};

const files = readdirSync(new URL('.github/workflows/', root));
const parse = (path: string) => {
  const document = parseDocument(read(path), { strict: true });
  return { problems: [...document.errors, ...document.warnings], value: document.toJS() };
};
const workflow = (file: string) => parse(`.github/workflows/${file}`).value as Workflow;
const commandsOf = ({ jobs }: Workflow) =>
  Object.values(jobs).flatMap(({ steps, strategy }) => [
    ...steps.flatMap((step) => step.run ?? []),
    ...(strategy?.matrix.include ?? []).map(({ command }) => command),
  ]);

test('there is one for changes and one for releases', () => {
  expect(files.sort()).toEqual(['ci.yml', 'release.yml']);
});

describe.each(files)('%s', (file) => {
  const { jobs, permissions, concurrency } = workflow(file);

  test('is YAML without warnings', () => {
    expect(parse(`.github/workflows/${file}`).problems).toEqual([]);
  });

  test('names every action by commit, with the version beside it', () => {
    const uses = read(`.github/workflows/${file}`)
      .split('\n')
      .filter((line) => /^\s*(- )?uses:/.test(line));
    expect(uses.length).toBeGreaterThan(1);
    for (const line of uses) expect(line).toMatch(/^\s*- uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    const steps = Object.values(jobs).flatMap((job) => job.steps);
    expect(steps.filter((step) => step.uses !== undefined)).toHaveLength(uses.length);
  });

  test('names no action that runs on Node 20, which the machines no longer have', () => {
    for (const [, name = '', major] of read(`.github/workflows/${file}`).matchAll(/uses: ([\w/-]+)@\w+ # v(\d+)\./g)) {
      expect(Number(major), name).toBeGreaterThanOrEqual(firstOnNode24[name] ?? Number.POSITIVE_INFINITY);
    }
  });

  test('may only read, unless a job says otherwise', () => {
    expect(permissions).toEqual({ contents: 'read' });
    const more = Object.entries(jobs).filter(([, job]) => job.permissions !== undefined);
    expect(more.map(([name]) => name)).toEqual(file === 'release.yml' ? ['publish'] : []);
  });

  test('ends by itself, and not beside itself', () => {
    expect(concurrency).toBeDefined();
    for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeLessThanOrEqual(30);
  });

  test('calls scripts that there are', () => {
    const called = commandsOf(workflow(file)).flatMap((command) => [...command.matchAll(/\bnpm run ([\w:-]+)/g)]);
    expect(called.length).toBeGreaterThan(0);
    for (const [, script = ''] of called) expect(Object.keys(scripts)).toContain(script);
  });

  test('holds nothing from outside in a shell: names of branches and titles are written by anybody', () => {
    for (const command of commandsOf(workflow(file))) {
      const inserted = [...command.matchAll(/\$\{\{\s*([\w.]+)/g)].map(([, name = '']) => name);
      expect(inserted.filter((name) => name !== 'matrix.command')).toEqual([]);
    }
  });

  test('leaves no token behind for what is installed', () => {
    const checkouts = Object.values(jobs).flatMap((job) =>
      job.steps.filter((step) => step.uses?.includes('/checkout@')),
    );
    expect(checkouts.length).toBeGreaterThan(0);
    for (const step of checkouts) expect(step.with?.['persist-credentials']).toBe(false);
  });

  test('its shell can be read', async () => {
    for (const command of commandsOf(workflow(file))) {
      const plain = command.replaceAll(/\$\{\{.*?\}\}/g, 'true');
      const { code, err } = await run('bash', ['-n', '-c', plain], tmpdir(), { PATH: process.env.PATH ?? '' });
      expect([code, err]).toEqual([0, '']);
    }
  });
});

test('a change is tested as people test it here', () => {
  const commands = commandsOf(workflow('ci.yml'));
  expect(commands).toContain('npm cit');
  expect(commands.some((command) => command.includes('npm run check'))).toBe(true);
  for (const name of ['docker-registry', 'skopeo']) {
    expect(read('.ci/run')).toContain(`need ${name}`);
    expect(commands.some((command) => command.includes(name))).toBe(true);
  }
});

describe('release.yml', () => {
  const { jobs } = workflow('release.yml');

  test('what may publish installs nothing', () => {
    const { permissions, steps } = jobs.publish ?? { steps: [] };
    expect(permissions).toEqual({ contents: 'write', 'id-token': 'write', attestations: 'write' });
    expect(steps.filter((step) => /\b(npm|npx|node)\b/.test(step.run ?? ''))).toEqual([]);
  });

  test('nothing is published that was not checked', () => {
    expect(jobs.publish?.needs).toEqual(['check', 'build']);
    expect(jobs.check?.steps.map((step) => step.run)).toContain('npm ci && npm run check');
  });

  test('what runs on Azure is packed twice to the same bytes, and has a checksum beside the others', async () => {
    const pack = jobs.build?.steps.find((step) => step.name === 'The app beside the command')?.run ?? '';
    const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'acr-replication-release-')));
    const { version } = JSON.parse(read('package.json'));
    try {
      const sums: string[] = [];
      for (const [i, folder] of folders.entries()) {
        mkdirSync(join(folder, 'dist'));
        mkdirSync(join(folder, 'release'));
        writeFileSync(join(folder, 'package.json'), read('package.json'));
        writeFileSync(join(folder, 'release/SHA256SUMS'), 'of the command\n');
        const built = ['dist/host.json', 'dist/main.cjs', 'dist/azure-identity.cjs', 'dist/package.json'];
        for (const file of built) writeFileSync(join(folder, file), `${file}\n`);
        // The commit, wherever its clone is.
        const git = `git init -q . && git -c user.name=a -c user.email=a@b.c commit -q --allow-empty -m x --date=@1700000000`;
        const script = `export GIT_COMMITTER_DATE=@1700000000; ${git} && sleep ${i * 2.1} && ${pack}`;
        const environment = { PATH: process.env.PATH ?? '', HOME: folder };
        const ran = await run('bash', ['-e', '-c', script], folder, environment);
        expect([ran.code, ran.code === 0 ? '' : ran.err]).toEqual([0, '']);
        sums.push(readFileSync(join(folder, 'release/SHA256SUMS'), 'utf8'));
        if (i > 0) continue;
        const listed = await run('unzip', ['-Z1', `release/tracker-${version}.zip`], folder, environment);
        expect(listed.out.trim().split('\n')).toEqual(built.map((file) => file.replace('dist/', '')).sort());
      }
      expect(sums[0]).toMatch(new RegExp(`^of the command\n[0-9a-f]{64}  tracker-${version}.zip\n$`));
      expect(sums[0]).toBe(sums[1]);
    } finally {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    }
  });
});

test('updates come for packages and for actions', () => {
  const { problems, value } = parse('.github/dependabot.yml');
  expect(problems).toEqual([]);
  expect(value.version).toBe(2);
  const ecosystems = value.updates.map((update: Record<string, unknown>) => update['package-ecosystem']);
  expect(ecosystems.sort()).toEqual(['github-actions', 'npm']);
});
