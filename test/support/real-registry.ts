/**
 * Real registries for tests: processes of Debian's distribution registry on ports of their own, and images pushed to
 * them over HTTP. Where the packages are missing, tests print that; in CI they fail.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Content, Image } from './registry-stand-in.ts';

const isInstalled = (command: string) => spawnSync(command, ['--version']).error === undefined;
export const canRunRegistries = isInstalled('docker-registry') && isInstalled('skopeo');

/** Instead of the tests that cannot run. */
export function reportMissingRegistries(what: string): void {
  test('docker-registry and skopeo are installed where this must not be skipped', () => {
    console.warn(`\n*** SKIPPED: ${what}`);
    console.warn('*** Install them with: apt-get install -y docker-registry skopeo\n');
    expect(process.env.CI ?? '', 'CI must have docker-registry and skopeo').toBe('');
  });
}

export interface RealRegistry {
  readonly origin: string;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

/** @param notify where to send its notifications, in its own format */
export async function startRegistry(notify?: string): Promise<RealRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'real-registry-'));
  const port = await freePort();
  const endpoint = { name: 'shim', url: notify, timeout: '2s', threshold: 5, backoff: '1s' };
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: folder }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
    ...(notify === undefined ? {} : { notifications: { endpoints: [endpoint] } }),
  };
  // JSON is YAML.
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config));
  const running = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
  const origin = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 100; attempt++) {
    const isUp = await fetch(`${origin}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return { origin, process: running, stop: () => stop(running, folder) };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await stop(running, folder);
  throw new Error('docker-registry did not start');
}

async function stop(running: ChildProcess, folder: string): Promise<void> {
  running.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function pushImage(origin: string, repository: string, { manifest, blobs }: Image): Promise<void> {
  for (const blob of blobs) {
    const upload = await expectStatus(202, origin, `/v2/${repository}/blobs/uploads/`, { method: 'POST' });
    const location = new URL(upload.headers.get('location') ?? '', origin);
    location.searchParams.set('digest', blob.digest);
    await expectStatus(201, origin, location.href, { method: 'PUT', body: new Uint8Array(blob.body) });
  }
  await putManifest(origin, repository, manifest, manifest.digest);
}

export async function putManifest(
  origin: string,
  repository: string,
  manifest: Content,
  reference: string,
): Promise<void> {
  await expectStatus(201, origin, `/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    headers: { 'content-type': manifest.mediaType },
    body: new Uint8Array(manifest.body),
  });
}

export async function expectStatus(status: number, origin: string, path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(new URL(path, origin), init);
  const body = await response.text();
  expect(response.status, `${init.method} ${path}: ${body}`).toBe(status);
  return response;
}

/** Copies an image with all its platforms from one registry to another, byte for byte. */
export function copyImage(from: string, to: string, image: string): void {
  const reference = (origin: string) => `docker://${new URL(origin).host}/${image}`;
  const options = ['--all', '--src-tls-verify=false', '--dest-tls-verify=false', '--preserve-digests'];
  const { status, stderr } = spawnSync(
    'skopeo',
    ['--insecure-policy', 'copy', ...options, reference(from), reference(to)],
    { encoding: 'utf8', timeout: 20_000 },
  );
  expect(status, stderr).toBe(0);
}
