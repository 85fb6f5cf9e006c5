import { describe, expect, test } from 'vitest';
import type { RegisteredFunction } from '../../src/local/host/core-types.ts';
import { matchPath } from '../../src/local/host/route-match.ts';
import { parseTemplate } from '../../src/local/host/route-template.ts';
import { createRoutes } from '../../src/local/host/routes.ts';

const matching: [template: string, path: string, params: Record<string, string>][] = [
  ['api/health', '/api/health', {}],
  ['api/health', '/API/Health', {}],
  ['api/health', '/api/health/', {}],
  ['api/webhooks/{registry}/{region}', '/api/webhooks/Contoso/East US', { registry: 'Contoso', region: 'East US' }],
  ['api/{a?}', '/api', {}],
  ['api/{a?}', '/api/', {}],
  ['api/{a?}', '/api/x', { a: 'x' }],
  ['api/{a=home}', '/api', { a: 'home' }],
  ['api/{a=home}/{b?}', '/api/x', { a: 'x' }],
  ['files/{*path}', '/files', {}],
  ['files/{*path}', '/files/', {}],
  ['files/{**path}', '/files/a/b', { path: 'a/b' }],
  ['files/{*path}', '/files/a//b/', { path: 'a//b/' }],
  ['{name}.{extension}', '/a.b.json', { name: 'a.b', extension: 'json' }],
  ['v{number:int}', '/V12', { number: '12' }],
  // Only the front end on Azure decodes this; here it stays one segment.
  ['repos/{name}', '/repos/team%2Fapp', { name: 'team%2Fapp' }],
  ['{{literal}}', '/{literal}', {}],
  ['{a:int}', '/-2147483648', { a: '-2147483648' }],
  ['{a:long}', '/9223372036854775807', { a: '9223372036854775807' }],
  ['{a:bool}', '/TRUE', { a: 'TRUE' }],
  ['{a:guid}', '/0f8fad5b-d9cb-469f-a165-70867728950e', { a: '0f8fad5b-d9cb-469f-a165-70867728950e' }],
  ['{a:guid}', '/0f8fad5bd9cb469fa16570867728950e', { a: '0f8fad5bd9cb469fa16570867728950e' }],
  ['{a:double}', '/-1.5e3', { a: '-1.5e3' }],
  ['{a:decimal}', '/1,000.5', { a: '1,000.5' }],
  ['{a:datetime}', '/2026-06-01', { a: '2026-06-01' }],
  ['{a:alpha}', '/abcXYZ', { a: 'abcXYZ' }],
  ['{a:length(3)}', '/abc', { a: 'abc' }],
  ['{a:length(2,4)}', '/abcd', { a: 'abcd' }],
  ['{a:minlength(2):maxlength(3)}', '/abc', { a: 'abc' }],
  ['{a:min(18)}', '/18', { a: '18' }],
  ['{a:range(1,5)}', '/5', { a: '5' }],
  // Not anchored, ignoring case, braces doubled.
  ['{a:regex(^v\\d{{2}}$)}', '/V12', { a: 'V12' }],
  ['{a:regex(b+)}', '/abc', { a: 'abc' }],
  ['{a:regex((x|y)/?:=)}', '/x:=', { a: 'x:=' }],
  ['{a:int?}', '/', {}],
  ['{*a:regex(^x)}', '/x/y', { a: 'x/y' }],
  ['{a:file}', '/a.json', { a: 'a.json' }],
  ['{a:nonfile}', '/a', { a: 'a' }],
];

const notMatching: [template: string, path: string][] = [
  ['api/health', '/api'],
  ['api/health', '/api/health/more'],
  ['api/health', '/api//health'],
  ['api/health', '/api/health//'],
  ['api/{a}', '/api'],
  ['files/{*path}', '/files//a'],
  ['{name}.{extension}', '/plain'],
  ['{a:int}', '/12x'],
  ['{a:int}', '/2147483648'],
  ['{a:long}', '/9223372036854775808'],
  ['{a:bool}', '/yes'],
  ['{a:guid}', '/0f8fad5b'],
  ['{a:double}', '/one'],
  ['{a:alpha}', '/abc1'],
  ['{a:length(3)}', '/ab'],
  ['{a:length(2,4)}', '/abcde'],
  ['{a:minlength(2)}', '/a'],
  ['{a:maxlength(2)}', '/abc'],
  ['{a:max(5)}', '/6'],
  ['{a:range(1,5)}', '/0'],
  ['{a:regex(^v\\d{{2}}$)}', '/v123'],
  ['{*a:int}', '/'],
  ['{a:file}', '/a'],
  ['{a:nonfile}', '/a.json'],
];

const refused: [template: string, reason: RegExp][] = [
  ['a//b', /empty/],
  ['{a', /not closed/],
  ['a}', /not opened/],
  ['{a{b}}', /opens inside|not closed/],
  ['{*a}/b', /last segment/],
  ['x{*a}', /alone/],
  ['{a}.{b?}', /alone/],
  ['{a}{b}', /nothing between/],
  ['{a}/{A}', /twice/],
  ['{}', /not a parameter name/],
  ['{a:nosuch}', /no constraint/],
  ['{a:int(3)}', /no constraint/],
  ['{a:length(x)}', /no constraint/],
  ['{a:range(5,1)}', /no constraint/],
  ['{a:regex(^x}', /not closed/],
  ['{a=x?}', /default/],
  ['{*a?}', /optional/],
  ['what?', /question mark/],
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
    const routes = createRoutes([httpFunction('zebra', 'tags/list'), httpFunction('Alpha', 'tags/{*rest}')], 'api');
    expect(routes.find('GET', '/api/tags/list')?.route.target.metadata.name).toBe('Alpha');
    expect(routes.warnings).toEqual(['"api/tags/{*rest}" of Alpha can hide "api/tags/list" of zebra (GET)']);
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
      /a: route "api\/{\*x}\/y": the catch-all "x" must be the last segment/,
    ],
  ])('%s is refused', (_, functions, message) => {
    expect(() => createRoutes(functions, 'api')).toThrow(message);
  });

  test.each([
    ['a/{x}', 'a/{y}', true],
    ['a/{x:int}', 'a/list', false],
    ['a/{x:int}', 'a/12', true],
    ['a/{x?}', 'a', true],
    ['a/b', 'a/c', false],
    ['{*x}', 'a/b', true],
    ['a/{x}/c', 'a/b', false],
    ['a/{x}.json', 'a/list', false],
  ])('%s and %s can overlap: %s', (first, second, isOverlap) => {
    const { warnings } = createRoutes([httpFunction('a', first), httpFunction('b', second)], '');
    expect(warnings.length > 0).toBe(isOverlap);
  });
});
