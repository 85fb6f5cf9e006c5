/** `wait` and `status` with images that files name: only those of registries that are tracked are asked for. */
import { describe, expect, test } from 'vitest';
import { runAction } from '../../src/cli/run-action.ts';
import { call, callCommand } from '../support/call-command.ts';
import type { Asked, Said } from '../support/tracker-stand-in.ts';
import { documentWith, severalWith, startTrackerStandIn } from '../support/tracker-stand-in.ts';

const [shop, worker, extra] = ['shop', 'worker', 'extra'].map((name) => `contoso.azurecr.io/team/${name}:v1`) as [
  string,
  string,
  string,
];
const both = ['eastus', 'westeurope'];
const registries = { status: 200, body: { registries: [{ name: 'contoso', loginServer: 'contoso.azurecr.io' }] } };
const documentOf = (image: string) => documentWith(both, [], { image, repository: 'team/x' });
const manifest = `kind: Pod\nspec:\n  containers:\n  - image: ${shop}\n  - image: redis:7\n  - image: ${worker}\n`;
const files = {
  'pod.yaml': manifest,
  '-': `${worker}\n${extra}\n`,
  'hub.txt': 'redis:7\nghcr.io/x/y:1\n',
  'one.txt': shop,
};

/** Everything asked for is there. */
function answer({ path, query, body }: Asked): Said {
  if (path === '/api/registries') return registries;
  const images = (body as { images?: string[] })?.images;
  if (images === undefined) return { status: 200, body: documentOf(query.image ?? '') };
  return { status: 200, body: severalWith(images.map(documentOf), 'available') };
}

async function ask(words: readonly string[], said: (asked: Asked, before: number) => Said = answer) {
  const tracker = await startTrackerStandIn(said);
  const called = await callCommand([...words, '--url', tracker.url], {}, files);
  return { ...called, asked: tracker.asked };
}

test.each(['wait', 'status'])(
  '%s asks for the images of the command line and of all files together',
  async (command) => {
    const { code, err, asked } = await ask([command, extra, '-f', 'pod.yaml', '--file', '-']);
    expect(code).toBe(0);
    expect(err).toContain('left out, since docker.io is not tracked: library/redis:7\n');
    expect(asked.map(({ path }) => path)).toEqual([
      '/api/registries',
      command === 'wait' ? '/api/wait' : '/api/availability',
    ]);
    expect(asked[1]?.body).toMatchObject({ images: [extra, shop, worker] });
  },
);

test('an image may follow a file', async () => {
  expect((await ask(['wait', '-f', 'one.txt', worker])).asked[1]?.body).toMatchObject({ images: [worker, shop] });
});

test('one image in a file is asked for like one on the command line', async () => {
  const { code, out, err, asked } = await ask(['wait', '-f', 'one.txt', '-o', 'json', '--regions', 'eastus']);
  expect([code, JSON.parse(out).image]).toEqual([0, shop]);
  expect(err).not.toContain('left out');
  expect(asked[1]).toMatchObject({ path: '/api/wait', query: { image: shop, regions: 'eastus' } });
});

test('without a file the registries are not asked for', async () => {
  expect((await ask(['wait', shop])).asked.map(({ path }) => path)).toEqual(['/api/wait']);
});

describe('bad usage, exit code 64', () => {
  test.each<[string, string[], string, number]>([
    ['neither image nor file', [], "missing required argument 'image'", 0],
    ['a file that is not there', ['-f', 'none.yaml'], 'none.yaml: cannot be read: no such file', 0],
    ['a bad option', ['-f', 'pod.yaml', '--require', 'most'], 'require: must be', 0],
    [
      'no image of a registry that is tracked',
      ['-f', 'hub.txt'],
      'no image is of a registry that is tracked; tracked: contoso.azurecr.io',
      1,
    ],
    [
      'one that is not tracked, where that is strict',
      ['-f', 'pod.yaml', '--strict'],
      'docker.io is not tracked: library/redis:7\ntracked: contoso.azurecr.io',
      1,
    ],
  ])('%s', async (_what, words, message, questions) => {
    const { code, err, out, asked } = await ask(['wait', ...words]);
    expect([code, out, asked.length]).toEqual([64, '', questions]);
    expect(err).toContain(message);
  });

  test('the same of status', async () => {
    expect((await ask(['status', '-f', 'hub.txt'])).code).toBe(64);
    expect((await ask(['status'])).code).toBe(64);
  });

  test('images on the command line that are not tracked are for the tracker to judge', async () => {
    const { asked } = await ask(['wait', 'docker.io/library/redis:7', '-f', 'one.txt', '--strict']);
    expect(asked[1]?.body).toMatchObject({ images: ['docker.io/library/redis:7', shop] });
  });
});

describe('the list of registries', () => {
  test('is asked for again while the tracker is away', async () => {
    const { code, err, asked } = await ask(['wait', '-f', 'pod.yaml', '--timeout', '30s'], (question, before) =>
      before === 0 ? { status: 503, body: {} } : answer(question),
    );
    expect([code, asked.length]).toEqual([0, 3]);
    expect(err).toContain('the tracker answered 503; asking again\n');
  });

  test.each<[string, Said, number]>([
    ['refused', { status: 401 }, 4],
    ['not answered', { status: 503, body: {} }, 5],
    ['somebody else’s', { status: 200, body: {} }, 64],
  ])('%s', async (_what, said, code) => {
    for (const command of [['wait', '--timeout', '0'], ['status']]) {
      expect((await ask([...command, '-f', 'pod.yaml'], () => said)).code).toBe(code);
    }
  });
});

test('a wait that is interrupted while it reads ends as one', async () => {
  const interruption = new AbortController();
  interruption.abort('SIGINT');
  const tracker = await startTrackerStandIn(answer);
  const environment = { INPUT_FILE: 'pod.yaml', INPUT_URL: tracker.url };
  const { code } = await call(runAction, environment, interruption.signal, files);
  expect([code, tracker.asked]).toEqual([130, []]);
});
