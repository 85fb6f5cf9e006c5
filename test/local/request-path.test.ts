import { expect, test } from 'vitest';
import { decodePath, splitTarget } from '../../src/local/host/request-path.ts';

test.each([
  ['/api/East%20US', '/api/East US'],
  ['/api/team%2Fapp', '/api/team%2Fapp'],
  ['/api/team%2fapp%20x', '/api/team%2fapp x'],
  ['/%C3%A4%2F%C3%B6', '/ä%2Fö'],
  ['/100%', '/100%'],
  ['/%ff', '/%ff'],
  ['/a/./b/../c', '/a/c'],
  ['/a/%2e%2e/b', '/b'],
  ['/../../x', '/x'],
  ['/a/..', '/'],
  ['/a/.hidden/..x', '/a/.hidden/..x'],
])('%s is routed as %s', (path, decoded) => {
  expect(decodePath(path)).toBe(decoded);
});

test.each([
  ['/a?b=1&c=2', '/a', '?b=1&c=2'],
  ['/a', '/a', ''],
  ['http://elsewhere:80/a?b', '/a', '?b'],
  ['http://elsewhere', '/', ''],
  ['/a?b#c', '/a', '?b'],
  ['*', '/*', ''],
])('the request line %s has path %s and query %s', (target, path, query) => {
  expect(splitTarget(target)).toEqual({ path, query });
});
