/** Which failures are worth another attempt: all but one that would get the same answer again. */
import { expect, test } from 'vitest';
import type { ErrorCode } from '../../../src/core/runtime/errors.ts';
import { describeError, isTemporary, UpstreamError } from '../../../src/core/runtime/errors.ts';

test.each<[ErrorCode, boolean]>([
  ['unavailable', true],
  ['throttled', true],
  // A role assignment or a key can be repaired while we keep trying.
  ['unauthorized', true],
  ['conflict', true],
  ['invalid', false],
])('%s may pass: %s', (code, temporary) => {
  expect(isTemporary(new UpstreamError(code, 'a table'))).toBe(temporary);
});

test('an error that is not of a service outside is no reason to try again', () => {
  expect([isTemporary(new Error('a mistake')), isTemporary(undefined)]).toEqual([false, false]);
});

test('a log has one line of it, without what caused it', () => {
  const cause = new Error('a header with a token');
  expect(describeError(new UpstreamError('unauthorized', 'a table (403)', { cause }))).toBe(
    'unauthorized: a table (403)',
  );
  expect(describeError(new TypeError('a mistake', { cause }))).toBe('TypeError: a mistake');
});
