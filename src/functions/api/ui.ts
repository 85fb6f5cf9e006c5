/**
 * Serves the live page. It is public, since it holds no data: it requests what it shows with the reader's key. Its
 * Content-Security-Policy allows only the built script and style, so that a hostile image name could do nothing even if
 * the page had a fault.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import { httpHandler, noQuery } from '../http/http.ts';
import type { RouteDescription } from '../http/route.ts';
import { refusals } from '../http/route.ts';

/** Built together with the app. */
export interface UiPage {
  readonly html: string;
  /** `sha256-…` of the script's text, as a Content-Security-Policy names it. */
  readonly scriptHash: string;
  readonly styleHash: string;
  /** Quoted, as in the header. */
  readonly etag: string;
}

export function describeUi(): RouteDescription {
  return {
    operation: 'showPage',
    method: 'get',
    path: '/ui',
    alsoHead: true,
    summary: 'The live page; its data needs the key',
    auth: 'none',
    answers: {
      200: { description: 'The page.', schema: z.string(), contentType: 'text/html' },
      304: { description: 'The page has not changed.' },
      ...refusals(400),
    },
  };
}

/** @param load called with each request */
export function uiFunction(load: () => Promise<UiPage>): HttpFunctionOptions {
  return {
    methods: ['GET', 'HEAD'],
    authLevel: 'anonymous',
    route: 'ui',
    handler: httpHandler(noQuery, async function showPage() {
      const page = await load();
      return { status: 200, headers: headersOf(page), body: page.html };
    }),
  };
}

function headersOf({ scriptHash, styleHash, etag }: UiPage): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `script-src '${scriptHash}'`,
    `style-src '${styleHash}'`,
    "connect-src 'self'",
    // For the page's icon.
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  const unused = ['camera', 'display-capture', 'geolocation', 'microphone', 'payment', 'usb', 'clipboard-read'];
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': unused.map((feature) => `${feature}=()`).join(', '),
    'cache-control': 'no-cache',
    etag,
  };
}
