/**
 * Finds something that can read Bicep: the compiler on the PATH, the Azure CLI's copy, the NuGet package, or at least a
 * grammar. Without any of them, a check must not look successful, so the result says what was found, in words fit to
 * print.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The version to fetch where no compiler is installed. */
const version = '0.47.16';
const packages: Record<string, string> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'osx-x64',
  'darwin-arm64': 'osx-arm64',
  'win32-x64': 'win-x64',
};

const root = new URL('..', import.meta.url);
export const infra = fileURLToPath(new URL('infra', root));
/** Neither in the repository nor in the package. */
export const cache = fileURLToPath(new URL('node_modules/.cache/bicep', root));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Bicep {
  /** The compiler and where it was found: `bicep 0.47.16 (from the PATH)`. */
  readonly name: string;
  run(...args: string[]): Promise<Ran>;
}

/** @returns `undefined` where no compiler is installed or can be fetched */
export async function findBicep(): Promise<Bicep | undefined> {
  return (
    (await tryOut('bicep', 'from the PATH')) ??
    (await tryOut(await azureCliBicep(), 'from the Azure CLI')) ??
    (await tryOut(await fetchedBicep(), 'from the .NET package source'))
  );
}

/** A compiler that is too old to render a template without Azure does not count. */
async function tryOut(command: string | undefined, from: string): Promise<Bicep | undefined> {
  if (command === undefined) return undefined;
  const asked = await call(command, ['--version']);
  const able = asked.code === 0 && (await call(command, ['snapshot', '--help'])).code === 0;
  if (!able) return undefined;
  const [found = 'of an unknown version'] = /\d+\.\d+\.\d+/.exec(asked.out) ?? [];
  return { name: `bicep ${found} (${from})`, run: (...args) => call(command, args) };
}

/** The Azure CLI keeps the compiler in its own folder, and downloads it on request. */
async function azureCliBicep(): Promise<string | undefined> {
  const folder = process.env.AZURE_CONFIG_DIR ?? join(homedir(), '.azure');
  const command = join(folder, 'bin', process.platform === 'win32' ? 'bicep.exe' : 'bicep');
  if (existsSync(command)) return command;
  const az = process.platform === 'win32' ? 'az.cmd' : 'az';
  if ((await call(az, ['version'])).code !== 0) return undefined;
  await call(az, ['bicep', 'install']);
  return existsSync(command) ? command : undefined;
}

/** Restores it as the only package of a project, so that the machine's own package sources are used. */
async function fetchedBicep(): Promise<string | undefined> {
  const platform = packages[`${process.platform}-${process.arch}`];
  if (platform === undefined) return undefined;
  const name = `azure.bicep.commandline.${platform}`;
  const tool = process.platform === 'win32' ? 'bicep.exe' : 'bicep';
  const command = join(cache, name, version, 'tools', tool);
  if (existsSync(command)) return command;
  const sdk = await call('dotnet', ['--version']);
  const [, major] = /^(\d+)\./.exec(sdk.out) ?? [];
  if (sdk.code !== 0 || major === undefined) return undefined;
  // Several processes may fetch at once: each in its own folder, and one result is kept.
  const own = join(cache, `fetching-${process.pid}`);
  await mkdir(own, { recursive: true });
  const project = join(own, 'fetch.csproj');
  await writeFile(
    project,
    `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net${major}.0</TargetFramework>
    <RestorePackagesPath>${own}</RestorePackagesPath>
  </PropertyGroup>
  <ItemGroup><PackageDownload Include="Azure.Bicep.CommandLine.${platform}" Version="[${version}]" /></ItemGroup>
</Project>
`,
  );
  await call('dotnet', ['restore', project, '--verbosity', 'quiet']);
  await rename(join(own, name), join(cache, name)).catch(() => undefined);
  await rm(own, { recursive: true, force: true });
  return existsSync(command) ? command : undefined;
}

const timeoutMs = 120_000;

/** Never fails: a command that cannot be started has no exit code. */
function call(command: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: infra,
      env: { ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Only a script needs a shell.
      shell: command.endsWith('.cmd'),
    });
    // The timeout of `spawn` itself keeps running when the command does not exist.
    const timer = setTimeout(() => child.kill(), timeoutMs);
    const end = (ran: Ran) => {
      clearTimeout(timer);
      resolve(ran);
    };
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.once('error', (error) => end({ code: null, out, err: String(error) }));
    child.once('close', (code) => end({ code, out, err }));
  });
}

/** The fields that are used here; the package with the real types may be absent. */
interface SyntaxNode {
  readonly isError: boolean;
  readonly isMissing: boolean;
  readonly text: string;
  readonly startPosition: { readonly row: number; readonly column: number };
  readonly children: readonly SyntaxNode[];
}
interface TreeSitter {
  readonly Parser: {
    init(): Promise<void>;
    new (): { setLanguage(language: unknown): void; parse(text: string): { rootNode: SyntaxNode } };
  };
  readonly Language: { load(wasm: Uint8Array): Promise<unknown> };
}

export interface SyntaxCheck {
  readonly files: number;
  /** `file:line:column: text`; empty when there are none. */
  readonly faults: readonly string[];
}

/** Checks that the grammar can parse every file; not that the templates are valid. `undefined` without the grammar. */
export async function checkSyntax(folder = infra): Promise<SyntaxCheck | undefined> {
  const require = createRequire(import.meta.url);
  let grammar: string;
  let treeSitter: TreeSitter;
  try {
    grammar = require.resolve('tree-sitter-bicep/tree-sitter-bicep.wasm');
    treeSitter = await import(pathToFileURL(require.resolve('web-tree-sitter')).href);
  } catch {
    return undefined;
  }
  await treeSitter.Parser.init();
  const parser = new treeSitter.Parser();
  parser.setLanguage(await treeSitter.Language.load(await readFile(grammar)));
  const names = (await readdir(folder)).filter((name) => name.endsWith('.bicep'));
  const faults: string[] = [];
  for (const name of names) {
    const visit = (node: SyntaxNode) => {
      const { row, column } = node.startPosition;
      if (node.isError || node.isMissing) faults.push(`${name}:${row + 1}:${column + 1}: ${node.text.slice(0, 60)}`);
      else node.children.forEach(visit);
    };
    visit(parser.parse(await readFile(join(folder, name), 'utf8')).rootNode);
  }
  return { files: names.length, faults };
}
