/** What the page is sent with: a policy that allows what was built, and nothing in the page that would need more. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { uiFunction } from '../../src/functions/api/ui.ts';
import { askPage, page } from '../support/page.ts';

const answer = await askPage();
const policy = new Map(
  (answer.headers['content-security-policy'] ?? '').split('; ').map((directive) => {
    const [name = '', ...values] = directive.split(' ');
    return [name, values.join(' ')] as const;
  }),
);

function contentsOf(element: string): string[] {
  return [...answer.text.matchAll(new RegExp(`<${element}\\b[^>]*>([\\s\\S]*?)</${element}>`, 'g'))].map(
    ([, text = '']) => text,
  );
}

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

describe('the page', () => {
  test('is for anybody, by GET or HEAD, at /ui', () => {
    expect(uiFunction(async () => page)).toMatchObject({
      methods: ['GET', 'HEAD'],
      authLevel: 'anonymous',
      route: 'ui',
    });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(answer.headers['x-request-id']).toBe('test-invocation');
  });

  test('is small, and in one language', () => {
    expect(answer.text.length).toBeLessThan(110_000);
    expect(answer.text).toMatch(/^<!doctype html>\n<html lang="en">/);
  });

  test('names no registry, no key and no machine', () => {
    expect(answer.text).not.toMatch(/azurecr|contoso|\/work\/|\/home\/|localhost/);
  });

  test('is not sent again to who has it', async () => {
    const { etag = '' } = answer.headers;
    expect(etag).toMatch(/^"[\w+/=-]+"$/);
    expect(answer.headers['cache-control']).toBe('no-cache');
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await askPage({ 'if-none-match': known });
      expect([again.status, again.text, again.headers.etag]).toEqual([304, '', etag]);
    }
    expect((await askPage({ 'if-none-match': '"other"' })).status).toBe(200);
  });

  test('takes time linear in the length of a header of white space', async () => {
    const millisecondsOf = async (length: number) => {
      const times: number[] = [];
      for (let i = 0; i < 5; i++) {
        const startedAt = performance.now();
        await askPage({ 'if-none-match': `"a"${' '.repeat(length)}"b"` });
        times.push(performance.now() - startedAt);
      }
      return Math.min(...times);
    };
    const short = await millisecondsOf(1_000);
    // 15 times as long; its square would be 225.
    expect((await millisecondsOf(15_000)) / short).toBeLessThan(40);
  });
});

describe('its policy', () => {
  test.each([
    ['default-src', "'none'"],
    ['connect-src', "'self'"],
    ['img-src', 'data:'],
    ['base-uri', "'none'"],
    ['form-action', "'none'"],
    ['frame-ancestors', "'none'"],
    ['require-trusted-types-for', "'script'"],
    ['trusted-types', "'none'"],
  ])('%s %s', (name, value) => {
    expect(policy.get(name)).toBe(value);
  });

  test.each([
    ['script', 'script-src'],
    ['style', 'style-src'],
  ])('allows the one %s there is, by its hash', (element, directive) => {
    expect(contentsOf(element)).toHaveLength(1);
    expect(policy.get(directive)).toBe(contentsOf(element).map(hashOf).join(' '));
    expect(contentsOf(element)[0]?.length).toBeGreaterThan(1_000);
  });

  test('allows nothing inline beside them', () => {
    expect(answer.headers['content-security-policy']).not.toMatch(/unsafe|\*|http/);
  });

  test.each([
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'DENY'],
    ['referrer-policy', 'no-referrer'],
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-origin'],
  ])('comes with %s: %s', (name, value) => {
    expect(answer.headers[name]).toBe(value);
  });

  test('comes with a policy of permissions that gives none', () => {
    expect(answer.headers['permissions-policy']).toMatch(/^(?:[a-z-]+=\(\)(?:, |$))+$/);
  });
});

describe('the markup', () => {
  const markup = answer.text.replaceAll(/(<(script|style)>)[\s\S]*?<\/\2>/g, '$1');

  test('has no handlers and no styles of its own', () => {
    expect(markup).not.toMatch(/\son[a-z]+\s*=|\sstyle\s*=|javascript:/i);
  });

  test('leads and loads from nowhere else', () => {
    const addresses = [...markup.matchAll(/\s(?:src|href|action|data|poster|srcset)="([^"]*)"/g)].map(([, to]) => to);
    expect(addresses.filter((to) => !/^(#|data:image\/svg)/.test(to ?? ''))).toEqual([]);
    const external = answer.text.match(/(?:https?:)?\/\/[a-z0-9-]+\.[a-z]{2,}[^\s"'`<)]*/gi) ?? [];
    expect(external.filter((to) => !to.startsWith('http://www.w3.org/'))).toEqual([]);
    expect(contentsOf('style').join()).not.toMatch(/@import|url\(/);
  });

  test('makes no element out of text', () => {
    const [script = ''] = contentsOf('script');
    expect(script).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/);
  });
});
