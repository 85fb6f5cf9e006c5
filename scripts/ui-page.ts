/**
 * Builds the live page as one text: its script bundled, its style inlined, no external resources. Also computes the
 * hashes of both, so that the Content-Security-Policy can allow exactly these two.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import type { UiPage } from '../src/functions/api/ui.ts';

const room = new URL('../src/ui/', import.meta.url);

export async function buildUiPage(): Promise<UiPage> {
  const [frame, style, script] = await Promise.all([
    readFile(new URL('index.html', room), 'utf8'),
    bundle('style.css'),
    bundle('main.ts'),
  ]);
  const html = inline(inline(frame, '/* style.css */', style), '/* main.ts */', script);
  const tidy = html.replaceAll(/\n\s*(?=<)/g, '\n');
  return { html: tidy, scriptHash: hashOf(script), styleHash: hashOf(style), etag: `"${hashOf(tidy).slice(7, 29)}"` };
}

async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [new URL(file, room).pathname],
    bundle: true,
    format: 'iife',
    target: ['es2023', 'chrome120', 'edge120', 'firefox121', 'safari17.4'],
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
  });
  const text = outputFiles[0]?.text.trim() ?? '';
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`${file}: holds what would end the element it is put into`);
  return text;
}

function inline(frame: string, mark: string, text: string): string {
  const parts = frame.split(mark);
  if (parts.length !== 2) throw new Error(`index.html: ${mark} must stand there once`);
  return parts.join(text);
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
