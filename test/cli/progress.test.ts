/** What is shown while somebody waits: lines for a log, a picture for a terminal. */
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/cli/document.ts';
import { readAnswer } from '../../src/cli/document.ts';
import { drawScene } from '../../src/cli/live-progress.ts';
import { plainProgress } from '../../src/cli/plain-progress.ts';
import { textTable } from '../../src/cli/text-table.ts';
import { manualClock } from '../support/manual-clock.ts';
import { documentWith, pinned } from '../support/tracker-stand-in.ts';

const request = { image: 'contoso.azurecr.io/team/app:v1', regions: undefined, require: undefined, timeoutMs: 60_000 };
const failure = { outcome: 'unreachable', message: 'the tracker cannot be reached' } as const;

function answerWith(have: string[], missing: string[], more: Record<string, unknown> = {}): Answer {
  const answer = readAnswer(documentWith(have, missing, more));
  if (answer === undefined) throw new Error('the document of the tests is none');
  return answer;
}

test('a log gets a line for each change, and none for none', () => {
  const output = new PassThrough();
  const progress = plainProgress(output, request, manualClock());
  progress.answered(answerWith([], ['eastus', 'westeurope'], { digest: null, image: request.image }), 0);
  progress.answered(answerWith(['eastus'], ['westeurope']), 5_000);
  progress.answered(answerWith(['eastus'], ['westeurope']), 10_000);
  progress.failed(failure, 12_000);
  progress.answered(answerWith(['eastus', 'westeurope'], []), 75_000);
  progress.finish();
  expect(String(output.read()).split('\n')).toEqual([
    'waiting for contoso.azurecr.io/team/app:v1, at most 1 min',
    '   0 s  missing: eastus, westeurope',
    `   5 s  the image is ${pinned}`,
    '   5 s  eastus: available, first (1 of 2 regions)',
    '  12 s  the tracker cannot be reached; asking again until 1 min are over',
    '1 min 15 s  the tracker answers again',
    '1 min 15 s  westeurope: available, 1.5 s after the first (2 of 2 regions)',
    '',
  ]);
});

test.each<[string, string[], string]>([
  ['deleting', ['eastus'], 'being deleted: deleted in 2 regions, still in 1'],
  ['deleted', [], 'deleted in every region that had it'],
])('a log says of an image that is %s, on one line, what time does not bring', (state, have, said) => {
  const output = new PassThrough();
  const progress = plainProgress(output, request, manualClock());
  const gone = ['uksouth', 'westeurope', ...(have.length === 0 ? ['eastus'] : [])];
  const answer = answerWith(have, gone, { state });
  const regions = answer.regions.map((one) => (have.includes(one.region) ? one : { ...one, state: 'deleted' }));
  progress.answered({ ...answer, regions }, 0);
  progress.finish();
  expect(String(output.read()).split('\n').slice(2)).toEqual([
    ...have.map((region) => `   0 s  ${region}: available, first (1 of 3 regions)`),
    `   0 s  ${said}`,
    '',
  ]);
});

describe('a log that nothing new can be said in', () => {
  function start() {
    const output = new PassThrough();
    const clock = manualClock();
    const startedAt = clock.now();
    const progress = plainProgress(output, { ...request, timeoutMs: 3_600_000 }, clock);
    const read = () =>
      String(output.read() ?? '')
        .trimEnd()
        .split('\n');
    return { clock, progress, read, elapsed: () => clock.now() - startedAt };
  }

  test('says once a minute that it still waits, and for what', async () => {
    const { clock, progress, read, elapsed } = start();
    progress.answered(answerWith(['eastus'], ['westeurope']), elapsed());
    read();
    for (let i = 0; i < 10; i++) {
      await clock.advance(15_000);
      progress.answered(answerWith(['eastus'], ['westeurope']), elapsed());
    }
    expect(read()).toEqual([
      ' 1 min  still waiting: in 1 of 2 regions; missing: westeurope',
      ' 2 min  still waiting: in 1 of 2 regions; missing: westeurope',
    ]);
    progress.finish();
    await clock.advance(600_000);
    expect(read()).toEqual(['']);
  });

  test('counts from the last line', async () => {
    const { clock, progress, read, elapsed } = start();
    await clock.advance(50_000);
    progress.answered(answerWith(['eastus'], ['westeurope']), elapsed());
    read();
    await clock.advance(59_000);
    expect(read()).toEqual(['']);
    await clock.advance(1_000);
    expect(read()).toEqual(['1 min 50 s  still waiting: in 1 of 2 regions; missing: westeurope']);
    progress.finish();
  });

  test('says what is wrong while the tracker does not answer, and while no region has reported the image', async () => {
    const { clock, progress, read, elapsed } = start();
    await clock.advance(60_000);
    expect(read().at(-1)).toBe(' 1 min  still waiting: no answer yet');
    progress.failed(failure, elapsed());
    await clock.advance(60_000);
    expect(read().at(-1)).toBe(' 2 min  still waiting: the tracker cannot be reached');
    progress.answered(answerWith([], ['eastus'], { image: request.image, digest: null }), elapsed());
    progress.unknown(['team/app:v2'], elapsed());
    await clock.advance(60_000);
    expect(read().slice(-2)).toEqual([
      ' 2 min  no region has reported contoso.azurecr.io/team/app:v1 yet; the nearest names: team/app:v2',
      ' 3 min  still waiting: no region has reported contoso.azurecr.io/team/app:v1',
    ]);
    progress.finish();
  });

  test('names an address that did not answer where the next one has', () => {
    const { progress, read } = start();
    progress.movedOn(failure, 0);
    expect(read().at(-1)).toBe('   0 s  the tracker cannot be reached; the next address answers');
    progress.finish();
  });
});

test('a log says how many regions would do', () => {
  const output = new PassThrough();
  const requirement = { regions: ['eastus', 'westeurope'], require: 'any', needed: 1, have: 1 };
  plainProgress(output, request, manualClock()).answered(answerWith(['eastus'], ['westeurope'], { requirement }), 0);
  expect(String(output.read())).toContain('eastus: available, first (1 of 2 regions, 1 needed)');
});

test('a log shows other regions as well, and does not count them', () => {
  const output = new PassThrough();
  const regions = [
    { region: 'eastus', state: 'available', required: true, lagSeconds: 0 },
    { region: 'uksouth', state: 'available', required: false, lagSeconds: 5 },
  ];
  plainProgress(output, request, manualClock()).answered(answerWith(['eastus'], ['westeurope'], { regions }), 0);
  expect(String(output.read())).toContain('uksouth: available, 5 s after the first (not waited for)');
});

describe('a terminal', () => {
  const scene = { request, answer: undefined, failure: undefined, elapsedMs: 12_000, frame: 0 };
  const bare = (_color: string, text: string) => text;

  test('before the first answer', () => {
    expect(drawScene(scene, bare)).toBe('⠋ contoso.azurecr.io/team/app:v1  12 s of 1 min');
  });

  test('a line for each region, and one for failure', () => {
    const regions = [
      { region: 'eastus', state: 'available', required: true, lagSeconds: 0 },
      { region: 'southeastasia', state: 'unverified', required: true, lagSeconds: 1 },
      { region: 'uksouth', state: 'deleted', required: true },
      { region: 'westeurope', state: 'missing', required: true },
      { region: 'westus', state: 'missing', required: false },
    ];
    const requirement = { regions: ['eastus', 'southeastasia', 'uksouth', 'westeurope'], needed: 4, have: 1 };
    const answer = answerWith([], [], { regions, requirement });
    expect(drawScene({ ...scene, answer, failure, frame: 11 }, bare).split('\n')).toEqual([
      `${pinned}  in 1 of 4 regions  12 s of 1 min`,
      '✔ eastus         available, first',
      '⠙ southeastasia  unverified',
      '✖ uksouth        deleted',
      '⠙ westeurope     missing',
      '! the tracker cannot be reached; asking again',
    ]);
  });

  test('says what may have been meant, until a region knows it', () => {
    const unknown = answerWith([], ['eastus'], { image: request.image, digest: null });
    const suggested = { ...scene, names: ['team/app:v2'] };
    const words = '! no region has reported contoso.azurecr.io/team/app:v1 yet; the nearest names: team/app:v2';
    expect(drawScene({ ...suggested, answer: unknown }, bare)).toContain(words);
    expect(drawScene({ ...suggested, answer: answerWith(['eastus'], []) }, bare)).not.toContain('no region');
  });

  test('stands still once it is over', () => {
    const answer = answerWith(['eastus'], ['westeurope']);
    expect(drawScene({ ...scene, answer, frame: undefined }, bare)).toContain('· westeurope  missing');
  });
});

describe('documents of other versions', () => {
  test.each([{}, { image: 'x' }, { image: 'x', state: 'y' }, { image: 1, state: 'y', regions: [] }])(
    '%j is none',
    (document) => {
      expect(readAnswer(document)).toBeUndefined();
    },
  );

  test('what is left out is counted', () => {
    const regions = [{ region: 'eastus', state: 'available', required: true }, { region: 'uksouth' }, 'odd'];
    expect(readAnswer({ image: 'x', state: 'available', regions })).toMatchObject({
      asked: ['eastus'],
      needed: 1,
      have: 1,
      missing: [],
      satisfied: false,
      digest: undefined,
    });
  });
});

test('a table is as wide as it must be, without blanks at the ends of lines', () => {
  expect(
    textTable(
      ['a', 'long'],
      [
        ['wide cell', ''],
        ['x', 'y'],
      ],
    ),
  ).toBe('A          LONG\nwide cell\nx          y');
});
