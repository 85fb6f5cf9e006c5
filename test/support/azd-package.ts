/**
 * Packs a service as `azd package` and `azd deploy` do, from Azure/azure-dev at 1.31.2: `framework_service_node.go`
 * (which folder), `project_utils.go` (which files), `service_target_functionapp.go` (what is refused). The rules of a
 * `.funcignore` are not implemented: there is none, and one is refused here, so that none is added unnoticed.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { run } from './run.ts';

interface Service {
  readonly project: string;
  readonly language: string;
  readonly host: string;
  readonly dist?: string;
  readonly remoteBuild?: boolean;
}

/** @returns the zip; @throws Error where azd would refuse, or where this does not do what azd does */
export async function packAsAzd(project: string, name: string, zip: string): Promise<string> {
  const { services } = parse(await readFile(join(project, 'azure.yaml'), 'utf8')) as {
    readonly services: Readonly<Record<string, Service>>;
  };
  const service = services[name];
  if (service === undefined) throw new Error(`azure.yaml has no service ${name}`);
  const { host, language, remoteBuild } = service;
  if (host !== 'function' || language !== 'ts' || remoteBuild !== false) {
    throw new Error(`not packed by these rules: ${JSON.stringify(service)}`);
  }
  const servicePath = join(project, service.project);
  const packagePath = join(servicePath, service.dist ?? '');
  // The rules of the first decide whether azd refuses to deploy, those of the second what is packed.
  for (const place of [servicePath, packagePath]) {
    if (existsSync(join(place, '.funcignore'))) throw new Error(`${place}/.funcignore: azd would read it`);
  }
  const files = (await filesOf(packagePath)).join('\n');
  if (files === '') throw new Error(`package source '${packagePath}' is empty or does not exist`);
  const script = 'printf "%s" "$FILES" | zip --quiet -X -@ "$ZIP"';
  const environment = { PATH: process.env.PATH ?? '', FILES: files, ZIP: zip };
  const ran = await run('sh', ['-c', script], packagePath, environment);
  if (ran.code !== 0) throw new Error(ran.err);
  return zip;
}

/** Without a .funcignore only these are left out, in any folder; node_modules are not, with `remoteBuild: false`. */
async function filesOf(folder: string, below = ''): Promise<string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  const found = entries.map(async (entry) => {
    const path = join(below, entry.name);
    if (entry.isDirectory()) return entry.name === '.azure' ? [] : filesOf(folder, path);
    return entry.name === 'local.settings.json' ? [] : [path];
  });
  return (await Promise.all(found)).flat();
}
