/**
 * The infrastructure as Azure would get it: compiled without a warning, and the template looked at for what must never be
 * in it. Where no compiler can be had, the source is read by grammar and by eye, and a line says that this is less.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkSyntax, findBicep, infra } from '../../scripts/bicep.ts';
import { namesRead } from '../support/settings-read.ts';

interface Resource {
  readonly type: string;
  readonly existing?: boolean;
  readonly scope?: string;
  readonly name?: string;
  readonly location?: string;
  readonly copy?: { readonly count: string };
  readonly properties?: Record<string, unknown> & { readonly template?: Template };
}

interface Template {
  readonly parameters?: Readonly<Record<string, { readonly type?: string; readonly metadata?: object }>>;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs?: Readonly<Record<string, { readonly type: string; readonly value: unknown }>>;
}

const sources = new Map(
  readdirSync(infra)
    .filter((name) => name.endsWith('.bicep'))
    .map((name) => [name, readFileSync(join(infra, name), 'utf8')]),
);
const source = [...sources.values()].join('\n');
const bicep = await findBicep();

/** Every resource that is made, with the name of the module it is in. */
function made(template: Template, module = 'main'): { readonly module: string; readonly resource: Resource }[] {
  return Object.entries(template.resources).flatMap(([name, resource]) => {
    const inner = resource.properties?.template;
    if (inner !== undefined) return made(inner, name);
    return resource.existing === true ? [] : [{ module, resource }];
  });
}

describe.runIf(bicep !== undefined)('compiled', () => {
  let template: Template;
  let text = '';
  const all = () => made(template);
  const ofType = (type: string) => all().filter(({ resource }) => resource.type === type);
  const moduleOf = (name: string) => template.resources[name]?.properties?.template as Template;

  beforeAll(async () => {
    const { code, out, err } = (await bicep?.run('build', join(infra, 'main.bicep'), '--stdout')) ?? {};
    // The linter's warnings are on standard error.
    expect([code, err]).toEqual([0, '']);
    text = out ?? '';
    template = JSON.parse(text);
  }, 60_000);

  test('by what is named here', () => {
    process.stdout.write(`infra: compiled by ${bicep?.name}, no warnings\n`);
    expect(all().length).toBeGreaterThan(20);
  });

  test('no key is read or given out', () => {
    expect(text).not.toMatch(/\blist(Keys|Credentials|AccountSas|ServiceSas|Secrets)\b|primaryKey|adminUserEnabled/i);
    for (const { resource } of ofType('Microsoft.Storage/storageAccounts')) {
      expect(resource.properties).toMatchObject({
        allowSharedKeyAccess: false,
        allowBlobPublicAccess: false,
        supportsHttpsTrafficOnly: true,
      });
    }
    for (const { resource } of ofType('Microsoft.EventGrid/topics')) {
      expect(resource.properties).toMatchObject({ disableLocalAuth: true, inputSchema: 'CloudEventSchemaV1_0' });
    }
    for (const { resource } of ofType('Microsoft.Insights/components')) {
      expect(resource.properties).toMatchObject({ DisableLocalAuth: true });
    }
  });

  test('what is secret is a secure parameter, and comes back in no output', () => {
    const parameters = Object.entries(template.parameters ?? {});
    const secret = parameters.filter(([name]) => /secret|key$|forwardWebhooks/i.test(name));
    expect(secret.map(([, { type }]) => type)).toEqual(secret.map(() => 'securestring'));
    expect(secret.map(([name]) => name).sort()).toEqual([
      'callbackKey',
      'forwardWebhooks',
      'githubAppPrivateKey',
      'githubWebhookSecret',
      'webhookSecrets',
    ]);
    const outputs = Object.entries(template.outputs ?? {});
    expect(outputs.length).toBeGreaterThan(0);
    for (const [name, { value }] of outputs) {
      expect(name).toMatch(/^[A-Z][A-Z0-9_]+$/);
      expect(JSON.stringify(value)).not.toMatch(/secret|key|connectionString|forwardWebhooks/i);
    }
  });

  test('every parameter says what it is for, and whether it is needed', () => {
    for (const [name, { metadata }] of Object.entries(template.parameters ?? {})) {
      expect([name, metadata]).toEqual([name, { description: expect.stringMatching(/^(Required|Optional)\. /) }]);
    }
  });

  test('every role is on one resource', () => {
    const roles = ofType('Microsoft.Authorization/roleAssignments').filter(({ module }) => module === 'ownRoles');
    const onRegistry = ofType('Microsoft.Authorization/roleAssignments').filter(
      ({ module }) => module === 'registryRoles',
    );
    const places = [...roles, ...onRegistry].map(({ resource }) => resource.scope ?? 'the whole group');
    for (const place of places) expect(place).toMatch(/^\[resourceId\('Microsoft\.\w+\/\w+/);
    // The page is one, used twice.
    expect(moduleOf('ownRoles').resources).toEqual(moduleOf('registryRoles').resources);
    expect(roles).toHaveLength(9);
    expect(ofType('Microsoft.Authorization/roleAssignments')).toHaveLength(18);
  });

  test('each region of each registry gets a webhook of its own', () => {
    expect(template.resources.webhooks?.copy?.count).toBe("[length(parameters('registries'))]");
    const [webhook, ...others] = ofType('Microsoft.ContainerRegistry/registries/webhooks');
    expect(others).toEqual([]);
    expect(webhook?.resource).toMatchObject({
      copy: { count: "[length(parameters('regions'))]" },
      location: expect.stringMatching(/^\[parameters\('regions'\)\[copyIndex\(/),
      properties: {
        status: 'enabled',
        scope: '',
        actions: ['push', 'delete'],
        serviceUri: expect.stringMatching(/\/api\/webhooks\/.*copyIndex\(/),
        customHeaders: { Authorization: expect.stringMatching(/Bearer.*parameters\('secret'\)/) },
      },
    });
    expect(moduleOf('webhooks').parameters?.secret?.type).toBe('securestring');
  });

  test('the app: Node 24, always ready, https alone, no passwords', () => {
    const [site] = ofType('Microsoft.Web/sites');
    expect(site?.resource.properties).toMatchObject({
      httpsOnly: true,
      functionAppConfig: {
        runtime: { name: 'node', version: '24' },
        scaleAndConcurrency: { alwaysReady: [{ name: 'http' }] },
        deployment: { storage: { authentication: { type: 'UserAssignedIdentity' } } },
      },
      siteConfig: { minTlsVersion: '1.2', ftpsState: 'Disabled' },
    });
    expect(ofType('Microsoft.Web/sites/basicPublishingCredentialsPolicies')).toHaveLength(2);
  });

  test('what Event Grid cannot deliver is laid down', () => {
    const subscriptions = all().filter(({ resource }) => /\/eventSubscriptions$/.test(resource.type));
    expect(subscriptions).toHaveLength(2);
    for (const { resource } of subscriptions) {
      // Of a topic that was there before it is a condition, and a text.
      expect(JSON.stringify(resource.properties?.deadLetterWithResourceIdentity)).toContain('StorageBlob');
    }
  });
});

describe.runIf(bicep === undefined)('without a compiler', () => {
  test('every file can be read by its grammar', async () => {
    const checked = await checkSyntax();
    process.stdout.write(
      `infra: NOT compiled, there is no compiler here; ${checked?.files} files read by grammar alone\n`,
    );
    expect(checked?.files).toBe(sources.size);
    expect(checked?.faults).toEqual([]);
  }, 60_000);
});

describe('the grammar', () => {
  test('knows a fault from none', async () => {
    expect((await checkSyntax())?.faults).toEqual([]);
    const folder = await mkdtemp(join(tmpdir(), 'acr-replication-infra-'));
    await writeFile(
      join(folder, 'broken.bicep'),
      "resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {\n  name:\n",
    );
    const checked = await checkSyntax(folder);
    await rm(folder, { recursive: true, force: true });
    expect(checked?.faults.join('\n')).toMatch(/^broken\.bicep:\d+:\d+: /);
  }, 60_000);
});

describe('as it is written', () => {
  const settingNames = () => {
    const [, block = ''] = /settings: \{\n([\s\S]*?)\n {4}\}/.exec(sources.get('main.bicep') ?? '') ?? [];
    return [...block.matchAll(/^\s+(\w+): /gm)].map(([, name = '']) => name);
  };
  /** Of the Functions host, the Azure SDKs and OpenTelemetry. */
  const others = /^(AzureWebJobsStorage__|AZURE_CLIENT_ID$|APPLICATIONINSIGHTS_|OTEL_)/;
  /** Without it, the identity: there is no key. By these names the platform or another setting says the same. */
  const notSet = [
    'EVENT_GRID_TOPIC_KEY',
    'FUNCTIONS_WORKER_RUNTIME',
    'WEBSITE_HOSTNAME',
    'WEBSITE_SITE_NAME',
    'AzureWebJobsStorage',
  ];

  test('every setting the app reads is given, and no other', () => {
    const read = namesRead().filter((name) => !others.test(name) && !notSet.includes(name));
    const given = [...settingNames(), 'REGISTRIES'].filter((name) => !others.test(name));
    expect(given.sort()).toEqual(read.sort());
    expect(sources.get('function-app.bicep')).toContain('REGISTRIES: string(registries)');
  });

  test('every queue and table of the app is made with it', () => {
    const main = readFileSync(new URL('../../src/main.ts', import.meta.url), 'utf8');
    const names = [...main.matchAll(/'(replication-[a-z-]+|Replication[A-Z]\w+)'/g)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) expect(sources.get('storage.bicep')).toContain(`'${name}'`);
  });

  test('the roles are on one page', () => {
    for (const [name, text] of sources) {
      expect([name, /roleAssignments@/.test(text)]).toEqual([name, name === 'roles.bicep']);
    }
  });

  test('the parameters that azd fills in are there', () => {
    const { parameters } = JSON.parse(readFileSync(join(infra, 'main.parameters.json'), 'utf8'));
    for (const name of Object.keys(parameters))
      expect(sources.get('main.bicep')).toMatch(new RegExp(`^param ${name} `, 'm'));
  });

  test('the lines that alerts look for are lines that the app writes', () => {
    const said = sourceOf('src/core') + sourceOf('src/adapters') + sourceOf('src/functions');
    const looks = [...(sources.get('alerts.bicep') ?? '').matchAll(/message has(?:_any)? (\([^)]+\)|"[^"]+")/g)];
    const wanted = looks.flatMap(([, lines = '']) => [...lines.matchAll(/"([^"]+)"/g)].map(([, line]) => line));
    expect(wanted.length).toBeGreaterThan(8);
    const host = ['Moving message to queue', '-poison'];
    for (const line of wanted.filter((one = '') => !host.includes(one))) expect(said).toContain(line);
  });

  test('the page about it lists every field of a registry', () => {
    const page = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)].map(([, cell = '']) => cell.replaceAll('`', ''));
    const [, type = ''] = /type registry = \{([\s\S]*?)^\}/m.exec(sources.get('types.bicep') ?? '') ?? [];
    const fields = [...type.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name);
    expect(rows.flatMap((cell) => cell.split(', ')).sort()).toEqual(fields.sort());
  });

  test('nothing is fetched from elsewhere', () => {
    expect(source).not.toMatch(/'(br|ts)[:/]/);
  });
});

function sourceOf(folder: string): string {
  const root = new URL(`../../${folder}/`, import.meta.url);
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(new URL(path, root), 'utf8'))
    .join('\n');
}
