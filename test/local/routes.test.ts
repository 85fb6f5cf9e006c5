import { describe, expect, test } from 'vitest';
import type { RegisteredFunction } from '../../src/local/host/core-types.ts';
import { matchPath, parseTemplate } from '../../src/local/host/route-template.ts';
import { createRoutes } from '../../src/local/host/routes.ts';

const matching: [template: string, path: string, params: Record<string, string>][] = [
  ['', '/', {}],
  ['api/health', '/api/health', {}],
  ['api/health', '/API/Health', {}],
  ['api/health', '/api/health/', {}],
  ['api/openapi.json', '/api/openapi.json', {}],
  ['api/webhooks/{registry}/{region}', '/api/webhooks/Contoso/East US', { registry: 'Contoso', region: 'East US' }],
  // Only the front end on Azure decodes this; here it stays one segment.
  ['repos/{name}', '/repos/team%2Fapp', { name: 'team%2Fapp' }],
];

const notMatching: [template: string, path: string][] = [
  ['', '/api'],
  ['api/health', '/api'],
  ['api/health', '/api/health/more'],
  ['api/health', '/api//health'],
  ['api/health', '/api/health//'],
  ['api/openapi.json', '/api/openapiXjson'],
  ['api/{a}', '/api'],
  ['api/{a}', '/api//'],
  ['api/{a}', '/api/x/y'],
];

const refused: [template: string, reason: RegExp][] = [
  ['a//b', /neither a literal nor a parameter/],
  ['{a', /neither/],
  ['a}', /neither/],
  ['{}', /neither/],
  ['{a?}', /neither/],
  ['{*a}', /neither/],
  ['{a:int}', /neither/],
  ['{a=home}', /neither/],
  ['{a}.{b}', /neither/],
  ['what?', /neither/],
  ['{a}/{A}', /twice/],
];

test.each(matching)('%s matches %s', (template, path, params) => {
  expect(matchPath(parseTemplate(template), path)).toEqual(params);
});

test.each(notMatching)('%s does not match %s', (template, path) => {
  expect(matchPath(parseTemplate(template), path)).toBeUndefined();
});

test.each(refused)('the template %s is refused', (template, reason) => {
  expect(() => parseTemplate(template)).toThrow(reason);
});

function httpFunction(name: string, route: string | undefined, methods = ['GET']): RegisteredFunction {
  const trigger = { type: 'httpTrigger', direction: 'in' as const, methods, authLevel: 'anonymous', route };
  return { metadata: { name, bindings: { trigger } }, callback: () => undefined };
}

describe('all routes together', () => {
  test('the first function by name wins, whatever the case and whoever registered first', () => {
    const routes = createRoutes([httpFunction('zebra', 'tags/list'), httpFunction('Alpha', 'tags/{name}')], 'api');
    expect(routes.find('GET', '/api/tags/list')?.route.target.metadata.name).toBe('Alpha');
    expect(routes.warnings).toEqual(['"api/tags/{name}" of Alpha can hide "api/tags/list" of zebra (GET)']);
  });

  test('a method that no route lists finds nothing, and one path may have a function per method', () => {
    const routes = createRoutes([httpFunction('a', 'x', ['GET']), httpFunction('b', 'x', ['POST'])], 'api');
    expect(routes.find('post', '/api/x')?.route.target.metadata.name).toBe('b');
    expect(routes.find('HEAD', '/api/x')).toBeUndefined();
    expect(routes.warnings).toEqual([]);
  });

  test('the prefix can be empty, and the name is the route of last resort', () => {
    const routes = createRoutes([httpFunction('ping', undefined), httpFunction('home', '')], '');
    expect(routes.find('GET', '/Ping')?.route.target.metadata.name).toBe('ping');
    expect(routes.find('GET', '/')?.route.target.metadata.name).toBe('home');
  });

  test.each([
    [
      'same route',
      [httpFunction('a', 'x/{y}'), httpFunction('b', '/X/{y}/')],
      /b: the route "api\/X\/{y}" \(GET\) is already that of a/,
    ],
    ['reserved word', [httpFunction('a', 'administrators')], /starts with "admin"/],
    ['reserved word in any case', [httpFunction('a', 'Runtime/x')], /starts with "runtime"/],
    [
      'bad template',
      [httpFunction('a', '{*x}/y')],
      /a: route "api\/{\*x}\/y": "{\*x}" is neither a literal nor a parameter/,
    ],
  ])('%s is refused', (_, functions, message) => {
    expect(() => createRoutes(functions, 'api')).toThrow(message);
  });

  test.each([
    ['a/{x}', 'a/{y}', true],
    ['a/{x}', 'a/list', true],
    ['a/{x}', 'A/List', true],
    ['a/b', 'a/c', false],
    ['a/{x}/c', 'a/b', false],
    ['{x}/b', 'a/{y}', true],
  ])('%s and %s can overlap: %s', (first, second, isOverlap) => {
    const { warnings } = createRoutes([httpFunction('a', first), httpFunction('b', second)], '');
    expect(warnings.length > 0).toBe(isOverlap);
  });
});
