/**
 * Finds a real Azure Functions host: `func` of the Core Tools on the PATH, or the prebuilt packages that the Core Tools
 * start, if a .NET SDK can restore them from the machine's package sources. Otherwise the result says why there is
 * none, in words fit to print.
 * How it is started: `src/Workloads/Host/README.md` of azure-functions-core-tools.
 */
import { spawn } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostCommand } from '../test/host/launch.ts';

const platforms: Record<string, string> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'osx-x64',
  'darwin-arm64': 'osx-arm64',
};
const prefix = 'Azure.Functions.Cli.Workloads';
const executable = `${prefix}.Host`;
/** Neither in the repository nor in what is deployed. */
const cache = fileURLToPath(new URL('../node_modules/.cache/functions-host', import.meta.url));
const restoreWithinMs = 120_000;

export const whatToInstall = 'install the Azure Functions Core Tools ("npm install -g azure-functions-core-tools@4")';

/** @returns the command, or the reason why there is none */
export async function findFunctionsHost(): Promise<HostCommand | { readonly reason: string }> {
  return (await findCoreTools()) ?? (await findPackages());
}

async function findCoreTools(): Promise<HostCommand | undefined> {
  const { code, out } = await call('func', ['--version'], 30_000);
  const [version] = /^\d+\.\d+\.\d+\S*/m.exec(out) ?? [];
  if (code !== 0 || version === undefined) return undefined;
  const auth = Number.parseInt(version, 10) < 5 ? '--enableAuth' : '--enable-auth';
  return {
    name: `real host (func ${version})`,
    kind: 'real',
    command: 'func',
    arguments: ['start', '--port', '{port}', auth],
    environment: {},
  };
}

async function findPackages(): Promise<HostCommand | { readonly reason: string }> {
  const rid = platforms[`${process.platform}-${process.arch}`];
  const sdk = await call('dotnet', ['--version'], 30_000);
  const [, major] = /^(\d+)\./.exec(sdk.out) ?? [];
  if (rid === undefined || sdk.code !== 0 || major === undefined) {
    return { reason: 'no "func" on the PATH, and no .NET SDK that could fetch the prebuilt host' };
  }
  const [host = '', worker = '', bundles = ''] = [`Host.${rid}`, 'Workers.Node', 'ExtensionBundles'].map(
    (name) => `${prefix}.${name}`,
  );
  const versions = await findVersions([host, worker, bundles], major);
  if (typeof versions === 'string') return { reason: versions };
  const restored = await restore(versions, major);
  const folderOf = (name: string) => join(cache, 'packages', name.toLowerCase(), (versions[name] ?? '').toLowerCase());
  const command = await findFile(folderOf(host), executable);
  const workerFile = await findFile(folderOf(worker), 'worker.config.json');
  const bundle = await findFile(folderOf(bundles), 'bundle.json');
  if (command === undefined || workerFile === undefined || bundle === undefined) {
    return {
      reason: `the packages of the host are not what they were known to be (${restored.out.trim().slice(-300)})`,
    };
  }
  // NuGet packages do not keep the executable bit.
  await chmod(command, 0o755);
  return {
    name: `real host (${executable} ${versions[host]})`,
    kind: 'real',
    command,
    arguments: ['--urls', 'http://127.0.0.1:{port}', '--enable-auth'],
    environment: {
      languageWorkers__node__workerDirectory: dirname(workerFile),
      AzureFunctionsJobHost__extensionBundle__downloadPath: await linkBundle(bundle),
      AzureFunctionsJobHost__extensionBundle__ensureLatest: 'false',
    },
  };
}

/**
 * The newest version of each package: a request for an impossible version makes the source list those it has.
 * @returns the versions, or the reason why one cannot be had
 */
async function findVersions(names: readonly string[], major: string): Promise<Record<string, string> | string> {
  const asked = await restore(Object.fromEntries(names.map((name) => [name, '9999.0.0'])), major);
  const versions: Record<string, string> = {};
  let last: string | undefined;
  for (const line of asked.out.split('\n')) {
    last = /Unable to find package (\S+) with version/.exec(line)?.[1] ?? last;
    const [, nearest] = /Nearest version: (\S+) \]/.exec(line) ?? [];
    if (last !== undefined && nearest !== undefined) versions[last] = nearest;
  }
  const missing = names.filter((name) => versions[name] === undefined);
  if (missing.length === 0) return versions;
  return `no "func" on the PATH, and the package source of the .NET SDK has no ${missing.join(', ')}`;
}

async function restore(versions: Readonly<Record<string, string>>, major: string): Promise<Ran> {
  // Several processes may do this at once.
  const own = join(cache, `asking-${process.pid}`);
  await mkdir(own, { recursive: true });
  const project = join(own, 'fetch.csproj');
  const downloads = Object.entries(versions).map(
    ([name, version]) => `    <PackageDownload Include="${name}" Version="[${version}]" />`,
  );
  await writeFile(
    project,
    `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net${major}.0</TargetFramework></PropertyGroup>
  <ItemGroup>
${downloads.join('\n')}
  </ItemGroup>
</Project>
`,
  );
  const restored = await call('dotnet', ['restore', project, '--packages', join(cache, 'packages')], restoreWithinMs);
  await rm(own, { recursive: true, force: true });
  return restored;
}

/** The host expects a folder named after the version, below the configured path. */
async function linkBundle(bundle: string): Promise<string> {
  const folder = dirname(bundle);
  const { version = basename(folder) } = JSON.parse(await readFile(bundle, 'utf8')) as { readonly version?: string };
  const bundles = join(cache, 'bundles');
  await rm(bundles, { recursive: true, force: true });
  await mkdir(bundles, { recursive: true });
  await symlink(folder, join(bundles, version));
  return bundles;
}

async function findFile(folder: string, name: string): Promise<string | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const found = entries.find((entry) => entry.isFile() && entry.name === name);
  return found === undefined ? undefined : join(found.parentPath, found.name);
}

interface Ran {
  readonly code: number | null;
  readonly out: string;
}

/** Never fails: a command that cannot be started has no exit code. */
function call(command: string, args: readonly string[], withinMs: number): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1', DOTNET_CLI_UI_LANGUAGE: 'en' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Unlike the option `timeout`, this does not keep the process alive for a command that could not be started.
      signal: AbortSignal.timeout(withinMs),
    });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        out += text.toString('utf8');
      });
    }
    child.once('error', () => resolve({ code: null, out }));
    child.once('close', (code) => resolve({ code, out }));
  });
}
