/**
 * What is deployed: small, complete, the same bytes from the same sources, and nothing else of this folder. Built into
 * folders of their own, since other tests run what is in `dist/`.
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BuiltApp } from '../../scripts/build-app.ts';
import { buildApp } from '../../scripts/build-app.ts';
import { bundleCommand } from '../../scripts/build-command.ts';
import { buildLocal } from '../../scripts/build-local.ts';
import { deliver, getJson, loginServer, registry, startInstance } from '../support/app.ts';
import { packAsAzd } from '../support/azd-package.ts';
import { run } from '../support/run.ts';

const root = new URL('../../', import.meta.url);
const environment = { PATH: process.env.PATH ?? '' };
/** The whole of the built folder. */
const apart = [
  'adapters-open-telemetry-start.cjs',
  'azure-arm-containerregistry.cjs',
  'azure-eventgrid.cjs',
  'azure-identity.cjs',
  'functions-api-ui-page.cjs',
];
const code = [...apart, 'app.cjs', 'main.cjs'];
const notices = 'THIRD-PARTY-NOTICES.txt';
const deployed = [...code, 'host.json', 'package.json', notices].sort();

let folder: string;
const inside = (path: string) => pathToFileURL(join(folder, path));
const digestOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(inside(path)))
    .digest('hex');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-replication-package-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the app', () => {
  let built: BuiltApp;

  beforeAll(async () => {
    built = await buildApp(root, inside('one/'));
    // From another folder into another, as on another machine.
    const script = `
      const { buildApp } = await import(${JSON.stringify(new URL('scripts/build-app.ts', root).href)});
      await buildApp(new URL(${JSON.stringify(root.href)}), new URL(${JSON.stringify(inside('another/place/').href)}));`;
    const ran = await run(process.execPath, ['--input-type=module', '-e', script], folder, environment);
    expect([ran.code, ran.code === 0 ? '' : ran.err]).toEqual([0, '']);
  }, 60_000);

  test('is built twice to the same bytes', async () => {
    for (const file of deployed) {
      expect([file, await digestOf(`another/place/${file}`)]).toEqual([file, await digestOf(`one/${file}`)]);
    }
  });

  test('knows nothing of the machine that built it', async () => {
    for (const file of code) {
      const text = await readFile(inside(`one/${file}`), 'utf8');
      for (const place of [root.pathname, folder]) expect([file, text.includes(place)]).toEqual([file, false]);
    }
  });

  test('needs nothing to be installed', () => {
    expect(built.imports).toContain('@azure/functions-core');
    expect(built.imports.filter((name) => !isBuiltin(name))).toEqual(['@azure/functions-core']);
  });

  test('leaves what few starts need to files of their own', async () => {
    const app = await readFile(inside('one/app.cjs'), 'utf8');
    for (const file of apart) expect(app).toContain(`"./${file}"`);
    expect(app.length).toBeLessThan(1_400_000);
  });

  test('is small', async () => {
    let bytes = 0;
    let packed = 0;
    for (const file of deployed) {
      const content = await readFile(inside(`one/${file}`));
      bytes += content.length;
      packed += gzipSync(content).length;
    }
    console.log(
      `deployed: ${(bytes / 1e6).toFixed(2)} MB in ${deployed.length} files, ${(packed / 1e3).toFixed(0)} kB packed`,
    );
    expect(bytes).toBeLessThan(5_000_000);
    expect(packed).toBeLessThan(1_200_000);
  });

  test('has the licence of every package whose code is in it', async () => {
    const text = await readFile(inside(`one/${notices}`), 'utf8');
    for (const name of ['@azure/data-tables', '@azure/functions', '@opentelemetry/api', 'zod'])
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.`, 'm'));
  });

  test('is what the host looks for', async () => {
    const { main, type, dependencies, scripts } = JSON.parse(await readFile(inside('one/package.json'), 'utf8'));
    expect({ main, type, dependencies, scripts }).toEqual({ main: 'main.cjs', type: 'commonjs' });
    const host = await readFile(inside('one/host.json'), 'utf8');
    expect(host).toBe(await readFile(new URL('host.json', root), 'utf8'));
  });
});

test('the command is built twice to the same bytes', async () => {
  for (const name of ['one.mjs', 'another.mjs']) await bundleCommand(root, '1.2.3', inside(name).pathname);
  expect(await digestOf('another.mjs')).toBe(await digestOf('one.mjs'));
});

test('what runs the app here is built twice to the same bytes, and knows nothing of the machine', async () => {
  for (const name of ['here/', 'there/again/']) await buildLocal(root, inside(name));
  const files = await readdir(inside('here/'));
  expect(files).toContain('main.mjs');
  expect((await readdir(inside('there/again/'))).sort()).toEqual(files.sort());
  for (const file of files) {
    expect([file, await digestOf(`there/again/${file}`)]).toEqual([file, await digestOf(`here/${file}`)]);
    expect([file, (await readFile(inside(`here/${file}`), 'utf8')).includes(root.pathname)]).toEqual([file, false]);
  }
});

/** What has routes of its own only when it is set. */
function everythingOn(): Record<string, string> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  return {
    CALLBACK_KEY: randomBytes(32).toString('base64'),
    GITHUB_APP_ID: '1',
    GITHUB_WEBHOOK_SECRET: 'a-secret-of-the-tests-only',
    GITHUB_APP_PRIVATE_KEY: Buffer.from(pem).toString('base64'),
  };
}

/** As azd deploys it: zipped by azd's rules, unpacked where nothing else lies, and started. */
describe('the package of azd', () => {
  let project: string;
  let unpacked: string;

  beforeAll(async () => {
    project = await mkdtemp(join(folder, 'project-'));
    await cp(fileURLToPath(new URL('azure.yaml', root)), join(project, 'azure.yaml'));
    await cp(fileURLToPath(new URL('package.json', root)), join(project, 'package.json'));
    await cp(join(folder, 'one'), join(project, 'dist'), { recursive: true });
    // What people, `npm install` and azd leave in a project.
    for (const file of ['.azure/production/.env', 'node_modules/zod/index.js', 'local.settings.json', 'src/main.ts']) {
      await mkdir(dirname(join(project, file)), { recursive: true });
      await writeFile(join(project, file), 'not to be deployed');
    }
    unpacked = await mkdtemp(join(folder, 'unpacked-'));
    const zip = await packAsAzd(project, 'tracker', join(folder, 'tracker.zip'));
    const ran = await run('unzip', ['-q', zip, '-d', unpacked], folder, environment);
    expect([ran.code, ran.err]).toEqual([0, '']);
  });

  test('is what was built, and nothing else', async () => {
    expect((await readdir(unpacked, { recursive: true })).sort()).toEqual(deployed);
    expect((await readdir(inside('one/'))).sort()).toEqual(deployed);
    for (const file of deployed) {
      expect([file, await readFile(join(unpacked, file))]).toEqual([file, await readFile(inside(`one/${file}`))]);
    }
  });

  test('is not refused by azd, as it would be with rules that exclude node_modules', async () => {
    expect(existsSync(new URL('.funcignore', root))).toBe(false);
    await writeFile(join(project, '.funcignore'), '/*\n!/dist/\n');
    await expect(packAsAzd(project, 'tracker', join(folder, 'refused.zip'))).rejects.toThrow(/\.funcignore/);
    await rm(join(project, '.funcignore'));
  });

  test('is built by what azd runs', async () => {
    const { scripts, main } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
    expect(scripts.build).toBe('node scripts/build.ts');
    expect(main).toBe('dist/main.cjs');
  });

  test('starts elsewhere and answers everything', async () => {
    const app = await startInstance({ flags: ['--app', unpacked], settings: everythingOn() });
    try {
      const digest = `sha256:${'ab'.repeat(32)}`;
      for (const region of ['eastus', 'westeurope', 'southeastasia']) {
        expect(await deliver([app.url], { digest, region, tag: 'v1' })).toBe('recorded');
      }
      const image = `image=${loginServer}/team/app:v1`;
      const asked = ['health', `availability?${image}`, `wait?${image}`, 'images', 'replicas', 'registries'];
      for (const route of [...asked, `events?${image}`, 'openapi.json']) {
        const response = await fetch(`${app.url}/api/${route}`, { signal: AbortSignal.timeout(20_000) });
        expect([route, response.status]).toEqual([route, 200]);
      }
      const page = await fetch(`${app.url}/ui`, { signal: AbortSignal.timeout(20_000) });
      expect([page.status, (await page.text()).includes('</html>')]).toEqual([200, true]);
      // Every route that the description names is served: none is missing from the package.
      const described = (await getJson<{ paths: Record<string, object> }>(`${app.url}/api/openapi.json`)).body.paths;
      for (const [path, methods] of Object.entries(described)) {
        const [method = 'get'] = Object.keys(methods);
        const url = `${app.url}${path.replaceAll('{registry}', registry).replaceAll('{region}', 'eastus')}`;
        const init = { method: method.toUpperCase(), signal: AbortSignal.timeout(20_000) };
        const { status, headers } = await fetch(url, method === 'post' ? { ...init, body: '{}' } : init);
        // What is refused says so in a document; of a route that is missing the host answers nothing.
        expect([path, status, headers.get('content-type')]).toEqual([path, status, expect.stringMatching(/json|html/)]);
        expect(status).not.toBe(500);
      }
    } finally {
      await app.stop();
    }
  }, 60_000);
});
