/**
 * One word for one state, wherever somebody meets it: in a document, in the command, in the summary of the action, in the
 * comment of a check, and on the page. And one table of exit codes, which the pages repeat.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/cli/document.ts';
import { readAnswer } from '../../src/cli/document.ts';
import { exitCodeMeanings, exitCodes } from '../../src/cli/exit-codes.ts';
import { stepSummary } from '../../src/cli/github.ts';
import { exitCodeHelp } from '../../src/cli/help.ts';
import { stateOf } from '../../src/cli/images.ts';
import { describeUnknown } from '../../src/cli/plain-progress.ts';
import { readSeveral } from '../../src/cli/several-document.ts';
import { stateColor } from '../../src/cli/state-color.ts';
import { describeAnswer } from '../../src/cli/status.ts';
import { verdictOn } from '../../src/cli/verdict.ts';
import type { WaitEnd } from '../../src/cli/wait-for-image.ts';
import { verdictOnSeveral } from '../../src/cli/wait-several.ts';
import { describeWhere, failedBy, failedByOne, timedOut } from '../../src/core/checks/verdict-messages.ts';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import { words } from '../../src/core/image/wait-words.ts';
import type { SeveralDocument } from '../../src/core/query/several-images.ts';
import { availabilityDocument } from '../../src/functions/documents/availability-document.ts';
import { headline, headlineText } from '../../src/ui/headline.ts';
import { cellKind } from '../../src/ui/region-state.ts';
import { createTracker } from '../../src/ui/tracker.ts';
import { cellWords, shownState } from '../../src/ui/words.ts';
import { documentWith, pinned, severalWith } from '../support/tracker-stand-in.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('exit codes', () => {
  test('each has one meaning', () => {
    const codes = exitCodeMeanings.map(([code]) => code);
    expect(codes).toEqual([...new Set(Object.values(exitCodes))].sort((a, b) => a - b));
  });

  test('--help has them', () => {
    for (const [code, meaning] of exitCodeMeanings)
      expect(exitCodeHelp).toMatch(new RegExp(`^ +${code}  ${meaning}$`, 'm'));
  });

  test.each(['docs/command.md', 'docs/github-actions.md'])('%s has them', (page) => {
    const rows = [...read(page).matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, meaning]) => [
      Number(code),
      meaning,
    ]);
    expect(rows).toEqual(exitCodeMeanings);
  });
});

const { state, regions, tag } = availabilityDocument().shape;
const imageStates = state.options;
const regionStates = regions.element.shape.state.options;
const tagStates = tag.unwrap().shape.state.options;

/** What the tracker may answer, for a state of the image and one of its second region. */
function documentOf(more: Record<string, unknown>, regionState = 'missing'): AvailabilityDocument {
  const isThere = regionState === 'available';
  const document = documentWith(isThere ? ['eastus', 'westeurope'] : ['eastus'], isThere ? [] : ['westeurope'], more);
  const [first, second] = document.regions;
  return { ...document, regions: [first, { ...second, state: regionState }] } as unknown as AvailabilityDocument;
}
const answerOf = (document: AvailabilityDocument) => readAnswer({ ...document }) as Answer;

describe('states', () => {
  test('are those of the contract', () => {
    expect(imageStates).toEqual(['unknown', 'replicating', 'available', 'deleting', 'deleted']);
    expect(regionStates).toEqual(['available', 'unverified', 'missing', 'deleted']);
    expect(tagStates).toEqual(['converged', 'converging', 'diverged', 'unknown']);
  });

  test.each(imageStates)('of an image: %s', (name) => {
    const document = documentOf({ state: name });
    expect(stateColor(name)).toBeDefined();
    expect(describeAnswer(answerOf(document))).toContain(`${pinned}: ${name},`);
    expect(shownState(document)).toBe(name);
  });

  test('of an image that is late: delayed', () => {
    const document = documentOf({ delayed: true });
    expect(describeAnswer(answerOf(document))).toContain(`${pinned}: replicating, delayed,`);
    expect(shownState(document)).toBe('delayed');
    expect(stateOf(answerOf(document))).toBe('delayed');
  });

  test.each(imageStates.filter((name) => name !== 'replicating'))(
    'of an image that was late: %s, and not delayed',
    (name) => {
      const document = documentOf({ delayed: true, state: name });
      expect(describeAnswer(answerOf(document))).toContain(`${pinned}: ${name}, in`);
      expect(shownState(document)).toBe(name);
      expect(stateOf(answerOf(document))).toBe(name);
    },
  );

  test.each(regionStates)('of a region: %s', (name) => {
    const document = documentOf({}, name);
    expect(describeAnswer(answerOf(document))).toMatch(new RegExp(`westeurope +${name}`));
    const verdict = { isGood: false, title: 'a', text: 'b', hint: undefined };
    expect(stepSummary(verdict, [answerOf(document)])).toContain(`| westeurope | ${name} |`);
    expect(cellWords[cellKind(document.regions[1], document)]).toBe(name);
    const inCheck = describeWhere(document);
    if (name === 'unverified') expect(inCheck).toMatch(/; missing: westeurope; unverified: westeurope$/);
    else expect(inCheck).not.toContain('unverified');
  });

  test.each(tagStates)('of a tag: %s', (name) => {
    expect(stateColor(name)).toBeDefined();
    const document = documentOf({ tag: { name: 'v1', state: name, regions: [] } });
    expect(describeAnswer(answerOf(document))).toContain(`tag v1: ${name}`);
  });
});

/** The last line of a wait of the command, which is also in the summary of the action. */
function lineOf(outcome: WaitEnd['outcome'], document: AvailabilityDocument): string {
  const request = { image: pinned, regions: undefined, require: 'all', artifacts: undefined, timeoutMs: 600_000 };
  const end = { outcome, answer: answerOf(document), failure: undefined, elapsedMs: 600_000 };
  return verdictOn(end, request as Parameters<typeof verdictOn>[1]).text;
}

describe('how a wait ends, in the command and in a check', () => {
  const tagged = { tag: { name: 'v1', state: 'converged', regions: [] } };

  test('timed out', () => {
    const document = documentOf({});
    const line = lineOf('timedOut', document);
    expect(line).toBe(`timed out after 10 min: ${pinned} is in 1 of 2 regions; missing: westeurope`);
    const comment = timedOut(600_000, describeWhere(document)).comment;
    // A comment is all there is of a check: it names the regions that have it as well.
    expect(comment.replace(': eastus;', ';')).toBe(line);
  });

  test.each(['deleted', 'superseded'] as const)('%s', (outcome) => {
    const document = documentOf(tagged);
    const line = lineOf(outcome, document);
    expect(line).toMatch(new RegExp(`^${outcome}: `));
    expect(failedBy(outcome, document)?.comment).toBe(line);
  });

  test.each(['deleted', 'superseded'] as const)('of several, one is %s', (outcome) => {
    const document = severalWith([documentWith(['eastus'], ['westeurope'], tagged)], 'deleted', [
      { image: pinned, outcome },
    ]);
    const answer = readSeveral(document);
    const end = { outcome, answer, failure: undefined, elapsedMs: 1_000 };
    const { text } = verdictOnSeveral(end, { images: [pinned] } as unknown as Parameters<typeof verdictOnSeveral>[1]);
    expect(text).toContain('; 0 of 1 images are where they must be; missing: team/app:v1 (westeurope)');
    expect(failedByOne(outcome, document as unknown as SeveralDocument)?.comment).toBe(text);
  });
});

describe('the page has the words of the command', () => {
  const now = Date.parse('2026-06-01T12:00:00.000Z');
  const sentence = (document: AvailabilityDocument) => headlineText(headline(document, now), now).toLowerCase();

  test('deleted', () => {
    expect(sentence(documentOf({ state: 'deleted' }))).toContain(words.deleted);
  });

  test('not reported by any region', () => {
    expect(sentence(documentOf({ state: 'unknown' }))).toContain(words.unreported);
    expect(describeUnknown(pinned, [])).toContain(words.unreported);
  });

  test('not waited for', () => {
    expect(cellWords.absent).toContain(words.notWaitedFor);
  });

  test('unreachable', async () => {
    const fetch = () => Promise.reject(new TypeError('fetch failed'));
    const tracker = createTracker({ base: 'http://127.0.0.1:9/api/', key: () => undefined, fetch, now: () => now });
    await expect(tracker.ask('health', {}, new AbortController().signal)).rejects.toThrow(words.unreachable);
  });
});

test('the page says as its documentation of how many images the missing ones are counted', () => {
  const among = /of the newest( images)? that are not in( all regions| every expected region) \(at most 1,000\)/;
  for (const path of ['docs/http.md', 'docs/live-page.md', 'src/ui/index.html']) {
    expect([path, read(path).replaceAll(/\s+/g, ' ')]).toEqual([path, expect.stringMatching(among)]);
  }
});
