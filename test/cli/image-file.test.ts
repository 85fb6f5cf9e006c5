/** Images that files name: in real material of public projects, and in what cannot be meant. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readFiles } from '../../src/cli/image-file/read-files.ts';
import { readImages } from '../../src/cli/image-file/read-images.ts';
import { describeUntracked, readLoginServers, sortByRegistry } from '../../src/cli/image-file/tracked.ts';

const folder = new URL('../fixtures/image-files/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');
const files = readdirSync(folder).filter((name) => /\.(?:ya?ml|json|txt)$/.test(name));
const app = 'contoso.azurecr.io/team/app:v1';

async function problemsOf(text: string): Promise<string[]> {
  const images = await readImages(text, 'f');
  return images.ok
    ? expect.fail(`reads ${images.value}`)
    : images.problems.map(({ field, reason }) => `${field}: ${reason}`);
}

describe('of public projects and tools', () => {
  test.each(files)('%s', async (name) => {
    const expected = read(name.replace(/\.\w+$/, '.images'))
      .trim()
      .split('\n');
    expect(await readImages(read(name), name)).toEqual({ ok: true, value: expected });
  });

  test('all that there are', () => expect(files.length).toBeGreaterThanOrEqual(17));
});

describe('are read', () => {
  test.each<[string, string]>([
    ['one line', app],
    ['a list of Windows', `${app}\r\ncontoso.azurecr.io/team/app:v1\r\n`],
    ['a list in quotes', `"${app}"\n'${app}'\n`],
    ['keys in quotes', `"images":\n- ${app}\n`],
    ['a list in YAML', `- ${app}\n`],
    ['images in YAML', `images:\n- ${app}\n`],
    ['a list in JSON', `["${app}"]`],
    ['the answer of the tracker', JSON.stringify({ satisfied: true, images: [{ image: app, missing: [] }] })],
    ['the outputs of the action', JSON.stringify([{ image: app, tag: 'v1', state: 'available' }])],
    ['objects in a list', JSON.stringify([{ kind: 'Pod', spec: { containers: [{ image: app }] } }])],
    ['a template of a pod alone', `spec:\n  containers:\n  - image: ${app}\n`],
    ['keys twice', `kind: Pod\nspec:\n  containers:\n  - image: ${app}\n    image: ${app}\n`],
    ['aliases in a circle', `kind: Pod\nspec: &a\n  self: *a\n  containers:\n  - image: ${app}\n`],
    ['tags of compose', `services:\n  web:\n    ports: !reset []\n    image: ${app}\n`],
    ['a descriptor alone', JSON.stringify({ 'image.name': app, 'containerimage.descriptor': {} })],
  ])('%s', async (_what, text) => {
    expect(await readImages(text, 'f')).toEqual({ ok: true, value: [app] });
  });
});

describe('are refused, with the place', () => {
  const pod = (image: string) => `kind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - image: ${image}\n`;
  test.each<[string, string, string[]]>([
    ['nothing', '', ['f: names no image']],
    ['comments alone', '# nothing\n\n', ['f: names no image']],
    ['a manifest without any', 'kind: Service\nspec:\n  ports: []\n', ['f: names no image']],
    ['a kustomization', 'kind: Kustomization\nimages:\n- name: app\n  newTag: v1\n', ['f: names no image']],
    ['values of a chart', 'image:\n  repository: contoso.azurecr.io/app\n  tag: v1\n', ['f: names no image']],
    ['what is no YAML', 'kind: Pod\nspec: [x\n', ['f: is neither a list of images nor YAML or JSON: Flow sequence']],
    ['JSON that was cut off', `{"images": ["${app}"`, ['f: is neither']],
    [
      'too many aliases',
      `a: &a [x, x]\n${[...'bcdefghi'].map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefghi'[i]}`)}]\n`).join('')}`,
      ['f: is neither'],
    ],
    ['a bad line', `${app}\nteam app:v1\n`, ['f, line 2: the repository']],
    ['a bad image', pod('contoso.azurecr.io/UPPER'), ['f, Pod web, spec.containers[0]: the repository']],
    ['a template', pod('{{ .Values.image }}'), ['f, Pod web, spec.containers[0]: must be an image, as text']],
    [
      'a template in a text',
      pod('"contoso.azurecr.io/app:{{ .Values.tag }}"'),
      ['f, Pod web, spec.containers[0]: {{ .Values.tag }} is not replaced'],
    ],
    [
      'variables',
      'services:\n  web:\n    image: ghcr.io/immich-app/immich-server:${IMMICH_VERSION:-release}\n',
      ['f, services.web: ${IMMICH_VERSION:-release} is not replaced'],
    ],
    [
      'two in one',
      `${app}\ncontoso.azurecr.io/$TEAM/app:$(Build.BuildId)\n`,
      ['f, line 2: $TEAM and $(Build.BuildId) is not replaced'],
    ],
    [
      'variables in a resource',
      'kind: Prometheus\nspec:\n  image: $IMAGE\n',
      ['f, Prometheus, spec.image: $IMAGE is not replaced'],
    ],
    [
      'an image that is none',
      JSON.stringify({ images: [app, { name: 'app' }] }),
      ['f, images[1]: must be an image, as text'],
    ],
    [
      'every one',
      pod('A/b\n  - image: $X'),
      ['f, Pod web, spec.containers[0]: ', 'f, Pod web, spec.containers[1]: $X'],
    ],
  ])('%s', async (_what, text, problems) => {
    const found = await problemsOf(text);
    expect(found).toHaveLength(problems.length);
    for (const [i, problem] of problems.entries()) expect(found[i]?.slice(0, problem.length)).toBe(problem);
  });

  test('whose number counts the lines of definitions that are passed over', async () => {
    const definition = '---\nkind: CustomResourceDefinition\nspec: {[\n';
    const good = `kind: Pod\nspec:\n  containers:\n  - image: ${app}\n`;
    const text = `${good}${definition}---\n${good}${definition}`;
    expect(await readImages(text, 'f')).toEqual({ ok: true, value: [app] });
    expect(await problemsOf(`${text}---\nspec: [x\n`)).toEqual([expect.stringContaining(' at line 18, column')]);
  });

  test('and nothing that drives a build agent', async () => {
    const text = 'kind: "##vso[task.complete]"\nspec:\n  containers:\n  - image: "##vso[task.setvariable] $X"\n';
    expect((await problemsOf(text)).join()).not.toContain('##vso[');
  });
});

test('however deep a pod stands, and whatever is around it, its images are found, each once', async () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/), { minLength: 1, maxLength: 6 });
  const keys = fc.array(
    fc.stringMatching(/^[a-zA-Z]{1,10}$/).filter((key) => key !== 'kind'),
    { maxLength: 6 },
  );
  const lists = fc.constantFrom('containers', 'initContainers', 'ephemeralContainers');
  await fc.assert(
    fc.asyncProperty(names, keys, lists, fc.boolean(), async (images, path, list, isJson) => {
      const references = images.map((name) => `contoso.azurecr.io/${name}:v1`);
      const pod: unknown = { [list]: references.map((image) => ({ name: 'c', image })), other: references };
      const nested = path.reduce((inner, key) => ({ [key]: [inner] }), pod);
      const document = { apiVersion: 'contoso.example/v1', kind: 'Anything', spec: nested };
      const text = isJson ? JSON.stringify(document) : `${stringify(document)}---\n${stringify(document)}`;
      expect(await readImages(text, 'f')).toEqual({ ok: true, value: references });
    }),
    { numRuns: 200 },
  );
});

describe('files', () => {
  const bytes: Record<string, Uint8Array> = {
    'utf-16.txt': new Uint8Array([0xff, 0xfe, ...Buffer.from(`${app}\r\n`, 'utf16le')]),
    'bom.txt': Buffer.from(`\uFEFF${app}\n`),
    'binary.bin': new Uint8Array([0x80, 0x81]),
    '-': Buffer.from('contoso.azurecr.io/team/other'),
  };
  const cliContext = {
    async readFile(path: string) {
      const found = bytes[path];
      if (found === undefined) throw Object.assign(new Error('x'), { code: 'ENOENT' });
      return found;
    },
  };

  test('add up, whatever wrote them', async () => {
    expect(await readFiles(['utf-16.txt', '-', 'bom.txt', '-'], cliContext)).toEqual({
      ok: true,
      value: [app, 'contoso.azurecr.io/team/other:latest'],
    });
  });

  test('that cannot be read are all named', async () => {
    expect(await readFiles(['none.txt', 'bom.txt', 'binary.bin'], cliContext)).toEqual({
      ok: false,
      problems: [
        { field: 'none.txt', reason: 'cannot be read: no such file' },
        { field: 'binary.bin', reason: 'must be text in UTF-8' },
      ],
    });
  });
});

describe('of registries that are not tracked', () => {
  const loginServers = readLoginServers({ registries: [{ name: 'contoso', loginServer: 'contoso.azurecr.io' }] });
  const images = [
    'docker.io/library/redis:7',
    app,
    'contoso.eastus.geo.azurecr.io/b:1',
    'docker.io/x/y:1',
    'ghcr.io/z:1',
  ];

  test('are listed by registry, and the others are kept', () => {
    const sorted = sortByRegistry(images, loginServers ?? expect.fail('no list'));
    expect(sorted.tracked).toEqual([app, 'contoso.eastus.geo.azurecr.io/b:1']);
    expect(describeUntracked(sorted)).toEqual([
      'docker.io is not tracked: library/redis:7, x/y:1',
      'ghcr.io is not tracked: z:1',
    ]);
  });

  test.each([[{}], [{ registries: 'contoso' }]])('%j is no list of registries', (answer) => {
    expect(readLoginServers(answer)).toBeUndefined();
  });
});
