/** Through the proxy that the environment names: the command and the action, each as a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseProxies } from '../../src/cli/proxies.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import { documentWith, pinned, startTrackerStandIn } from '../support/tracker-stand-in.ts';

const at = (path: string) => new URL(`../../${path}`, import.meta.url).pathname;
const image = 'contoso.azurecr.io/team/app:v1';
const there = { status: 200, body: documentWith(['eastus', 'westeurope'], []) };

interface Run {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
}

async function run(file: string, words: readonly string[], environment: Readonly<Record<string, string>>) {
  const env = {
    PATH: process.env.PATH ?? '',
    NODE_EXTRA_CA_CERTS: at('test/fixtures/tls/certificate.pem'),
    ...environment,
  };
  const child = spawn(process.execPath, [at(file), ...words], { env });
  onTestFinished(() => void child.kill('SIGKILL'));
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, out, err };
}

const ways: [string, (input: Run) => ReturnType<typeof run>][] = [
  [
    'the command',
    ({ url, environment }) => run('src/cli/main.ts', ['wait', image, '--url', url, '--timeout', '3s'], environment),
  ],
  [
    'the action',
    ({ url, environment }) =>
      run('src/cli/action.ts', [], { INPUT_IMAGE: image, INPUT_URL: url, INPUT_TIMEOUT: '3s', ...environment }),
  ],
];

const portOf = ({ url }: { url: string }) => Number(new URL(url).port);

async function startTlsTracker(): Promise<{ readonly port: number }> {
  const [key, cert] = await Promise.all(
    ['key', 'certificate'].map((name) => readFile(at(`test/fixtures/tls/${name}.pem`))),
  );
  const server = createServer({ key, cert }, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(there.body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port };
}

describe.each(ways)('%s', (_name, start) => {
  test('asks the proxy of HTTP_PROXY for the address', async () => {
    const proxy = await startForwardProxy(portOf(await startTrackerStandIn(() => there)));
    const ran = await start({ url: 'http://tracker.example', environment: { HTTP_PROXY: proxy.url } });
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining(`${pinned} is in 2 of 2 regions`) });
    expect(proxy.asked).toEqual(['GET http://tracker.example/api/wait']);
  });

  test('asks the proxy of HTTPS_PROXY for a tunnel, with its name and password', async () => {
    const proxy = await startForwardProxy((await startTlsTracker()).port);
    const environment = { HTTPS_PROXY: proxy.url.replace('//', '//me:secret%21@') };
    const ran = await start({ url: 'https://tracker.example', environment });
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('2 of 2 regions') });
    expect(proxy.asked).toEqual(['CONNECT tracker.example:443']);
    expect(proxy.credentials).toEqual([`Basic ${Buffer.from('me:secret!').toString('base64')}`]);
  });

  test.each(['127.0.0.1', 'other.example, 127.0.0.1', '*'])(
    'asks nobody else where NO_PROXY is %s',
    async (exception) => {
      const tracker = await startTrackerStandIn(() => there);
      const proxy = await startForwardProxy(portOf(tracker));
      const environment = { HTTP_PROXY: proxy.url, NO_PROXY: exception };
      expect(await start({ url: tracker.url, environment })).toMatchObject({ code: 0 });
      expect(proxy.asked).toEqual([]);
      expect(tracker.asked).toHaveLength(1);
    },
  );

  test('says what the proxy answers, and not its password', async () => {
    const proxy = await startForwardProxy(0);
    const environment = {
      HTTPS_PROXY: proxy.url.replace('//', '//me:hidden@'),
      http_proxy: proxy.url.replace('//', '//me:hidden@'),
    };
    const tunnel = await start({ url: 'https://tracker.example', environment });
    expect(tunnel).toMatchObject({ code: 5, err: expect.stringContaining('the proxy opens no tunnel') });
    expect(tunnel.err).toContain('407');
    const plain = await start({ url: 'http://tracker.example', environment });
    expect(plain).toMatchObject({ code: 1, err: expect.stringContaining('the proxy asks for a name and a password') });
    expect(tunnel.err + tunnel.out + plain.err + plain.out).not.toContain('hidden');
  });

  test('refuses a proxy that it cannot use', async () => {
    const ran = await start({ url: 'http://tracker.example', environment: { HTTP_PROXY: 'socks5://me:hidden@x' } });
    expect(ran).toMatchObject({ code: 64, err: expect.stringContaining('HTTP_PROXY: must be an http:// or https://') });
    expect(ran.err).not.toContain('hidden');
  });
});

describe('the variables', () => {
  test.each([
    [{}, {}],
    [{ NO_PROXY: 'x.example' }, {}],
    [{ HTTP_PROXY: ' ' }, {}],
    [{ HTTPS_PROXY: 'proxy.example:3128\n' }, { HTTPS_PROXY: 'http://proxy.example:3128', NO_PROXY: '' }],
    [
      { https_proxy: 'http://small.example', HTTPS_PROXY: 'http://large.example' },
      { HTTPS_PROXY: 'http://small.example', NO_PROXY: '' },
    ],
    // A name means what is below it as well: https://curl.se/docs/manpage.html, --noproxy
    [
      { http_proxy: 'http://p.example', no_proxy: 'a.example, 10.0.0.1 .b.example' },
      { HTTP_PROXY: 'http://p.example', NO_PROXY: 'a.example,.a.example,10.0.0.1,.b.example' },
    ],
  ])('%j', (environment, proxies) => {
    expect(parseProxies(environment, true)).toEqual({ ok: true, value: proxies });
  });

  test('on a Node that cannot use them are refused', () => {
    expect(parseProxies({ HTTPS_PROXY: 'http://p.example' }, false)).toMatchObject({
      ok: false,
      problems: [{ field: 'HTTPS_PROXY', reason: expect.stringContaining('needs Node 22.21') }],
    });
    expect(parseProxies({}, false)).toMatchObject({ ok: true });
  });
});
