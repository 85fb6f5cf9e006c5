/**
 * The infrastructure as Azure would get it: compiled without a warning, and the template checked for what must never be
 * in it. Without a compiler, the source is checked by its grammar and by patterns, and a line says that this is less.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkSyntax, findBicep, infra } from '../../scripts/bicep.ts';
import { refusedByFlexConsumption, refusedIn } from '../support/flex-consumption.ts';
import { namesRead } from '../support/settings-read.ts';

interface Resource {
  readonly type: string;
  readonly existing?: boolean;
  readonly scope?: string;
  readonly name?: string;
  readonly location?: string;
  readonly identity?: object;
  readonly tags?: object;
  readonly dependsOn?: readonly string[];
  readonly copy?: { readonly count: string };
  readonly properties?: Record<string, unknown> & { readonly template?: Template };
}

interface Template {
  readonly variables?: Readonly<Record<string, unknown>>;
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
    for (const { resource } of ofType('Microsoft.KeyVault/vaults')) {
      expect(resource.properties).toMatchObject({ enableRbacAuthorization: true });
    }
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
    // The other settings are no secrets, so that they can be read in the portal and in a what-if.
    expect(moduleOf('app').parameters?.settings?.type).toBe('object');
    const outputs = Object.entries(template.outputs ?? {});
    expect(outputs.length).toBeGreaterThan(0);
    for (const [name, output] of outputs) {
      expect(name).toMatch(/^[A-Z][A-Z0-9_]+$/);
      expect(JSON.stringify(output)).not.toMatch(/secret|key|connectionString|forwardWebhooks/i);
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
    // The page is one, used three times.
    expect(moduleOf('ownRoles').resources).toEqual(moduleOf('registryRoles').resources);
    expect(moduleOf('ownRoles').resources).toEqual(moduleOf('registryTopicRoles').resources);
    expect(roles).toHaveLength(10);
    expect(ofType('Microsoft.Authorization/roleAssignments')).toHaveLength(30);
  });

  test('an identity created again under an old name gets an assignment of its own, since none can be changed', () => {
    const assignments = ofType('Microsoft.Authorization/roleAssignments');
    for (const { resource } of assignments) expect(resource.name).toMatch(/principalId/i);
  });

  test('a role that is defined here is named as Azure names it, whatever scope it is made in', () => {
    expect(moduleOf('registryRole').outputs?.id?.value).toMatch(/^\[subscriptionResourceId\(/);
  });

  test('a role is assigned long after it is defined', () => {
    expect(template.resources.registryRole?.dependsOn).toBeUndefined();
    expect(template.resources.registryRoles?.dependsOn).toContain('app');
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
    expect(template.parameters?.nodeVersion).toMatchObject({ defaultValue: '24', allowedValues: ['22', '24'] });
    expect(site?.resource.properties).toMatchObject({
      httpsOnly: true,
      functionAppConfig: {
        runtime: { name: 'node', version: "[parameters('nodeVersion')]" },
        deployment: { storage: { authentication: { type: 'UserAssignedIdentity' } } },
      },
      siteConfig: { minTlsVersion: '1.2' },
    });
    const policies = ofType('Microsoft.Web/sites/basicPublishingCredentialsPolicies');
    expect(policies.map(({ resource }) => resource.name)).toEqual([expect.stringContaining("'scm'")]);
  });

  // Names of properties are the same whatever the parameters are, so this is about every combination of them.
  test('the app has nothing that Flex Consumption refuses', () => {
    const sites = ofType('Microsoft.Web/sites');
    expect(sites).toHaveLength(1);
    expect(refusedIn(sites[0]?.resource)).toEqual([]);
    const settings = Object(template.resources.app?.properties?.parameters).settings;
    expect(Object.keys(settings.value)).toContain('AZURE_CLIENT_ID');
    expect(refusedIn(settings)).toEqual([]);
  });

  test.each(refusedByFlexConsumption.properties)('and would not pass with %s', (name) => {
    const site = structuredClone(ofType('Microsoft.Web/sites')[0]?.resource) as { properties: Record<string, object> };
    site.properties.siteConfig = { ...site.properties.siteConfig, [name]: 'whatever' };
    expect(refusedIn(site)).toEqual([name]);
  });

  test.each(refusedByFlexConsumption.settings)('and would not pass with the setting %s', (name) => {
    expect(refusedIn({ properties: { siteConfig: { appSettings: [{ name, value: 'x' }] } } })).toEqual([name]);
    expect(refusedIn({ settings: `[createObject('name', '${name}', 'value', '1')]` })).toEqual([name]);
  });

  test('what Event Grid cannot deliver is laid down, by an identity that a firewall lets in', () => {
    expect(all().filter(({ resource }) => /\/eventSubscriptions$/.test(resource.type))).toEqual([]);
    const listed = JSON.stringify(template.outputs?.TRACKER_EVENT_SUBSCRIPTIONS);
    expect(listed.match(/deadLetterWithResourceIdentity/g)).toHaveLength(2);
    expect(listed.match(/undeliveredContainer/g)).toHaveLength(2);
    for (const type of ['Microsoft.EventGrid/topics', 'Microsoft.EventGrid/systemTopics']) {
      expect(ofType(type).map(({ resource }) => resource.identity)).toEqual([{ type: 'SystemAssigned' }]);
    }
  });

  test("two deployments ask for the same topic of a registry's own events, and for nothing else in common", () => {
    const [topic] = ofType('Microsoft.EventGrid/systemTopics');
    // Neither tags nor name of one deployment.
    expect(topic?.resource.tags).toBeUndefined();
    expect(JSON.stringify(template.variables?.places)).not.toContain("variables('token')");
    for (const type of ['webhooks', 'registryRole', 'serviceHealth']) {
      expect(JSON.stringify(template.resources[type]?.properties?.parameters)).toContain("variables('token')");
    }
  });
});

/** Rendered as Azure would, without Azure: a mistake in an expression, or a wrong name, shows here and not in the compiler. */
describe.runIf(bicep !== undefined)('rendered', () => {
  const contoso = { name: 'contoso', resourceGroup: 'images', regions: ['eastus', 'westeurope'] };
  const elsewhere = {
    name: 'fabrikam',
    resourceGroup: 'others',
    subscriptionId: '22222222-2222-2222-2222-222222222222',
    regions: ['northeurope'],
    regionalEndpoints: true,
    abac: true,
    systemTopic: 'theirs',
  };
  const needed = { environmentName: 'production', location: 'westeurope', webhookSecrets: 'a-secret-of-the-tests' };
  const subnet = (name: string) =>
    `/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/${name}`;
  /** Every value of every parameter that changes what is made appears, and most pairs of them. */
  const combinations: [string, Record<string, unknown>][] = [
    ['with what must be given', { ...needed, registries: [contoso] }],
    [
      'with everything',
      {
        ...needed,
        registries: [contoso, elsewhere],
        zoneRedundant: true,
        geoRedundant: true,
        nodeVersion: '22',
        webhookManagement: 'manage',
        forwardWebhooks: 'W10=',
        callbackKey: 'key',
        alwaysReadyInstances: 1,
        alwaysReadyFunctions: ['deliveries'],
        subnetId: subnet('app'),
        privateEndpointSubnetId: subnet('endpoints'),
        restrictsCallers: true,
        callers: [
          { name: 'us', range: '192.0.2.0/24' },
          { name: 'them', serviceTag: 'AzureDevOps' },
        ],
        resourceLogs: 'all',
        alertEmail: 'on-call@contoso.example',
      },
    ],
    [
      'with as little as can be',
      {
        ...needed,
        registries: [elsewhere],
        geoRedundant: true,
        subscribesToRegistryEvents: false,
        registryRoleId: '/providers/Microsoft.Authorization/roleDefinitions/33333333-3333-3333-3333-333333333333',
        subnetId: subnet('app'),
        privateEndpointSubnetId: subnet('endpoints'),
        createsPrivateDnsZones: false,
        publicUrl: 'https://tracker.contoso.example',
        watchesHealth: false,
        watchesServiceHealth: false,
        resourceLogs: 'none',
      },
    ],
  ];

  test.each(combinations)(
    '%s',
    async (name, parameters) => {
      const { resources, problem } = await render(parameters);
      expect(problem).toBeUndefined();
      const of = (type: string) => resources.filter((resource) => resource.type === type);
      const [site, ...others] = of('Microsoft.Web/sites');
      expect(others).toEqual([]);
      expect(refusedIn(site)).toEqual([]);
      const isWhole = name === 'with everything';
      const http = { name: 'http', instanceCount: 2 };
      const alwaysReady = isWhole ? [http, { name: 'function:deliveries', instanceCount: 2 }] : [http];
      expect(site?.properties).toMatchObject({ functionAppConfig: { scaleAndConcurrency: { alwaysReady } } });
      const isPrivate = 'privateEndpointSubnetId' in parameters;
      expect(of('Microsoft.Network/privateEndpoints')).toHaveLength(isPrivate ? 5 : 0);
      expect(of('Microsoft.Network/privateDnsZones')).toHaveLength(isWhole ? 5 : 0);
      const [account] = of('Microsoft.Storage/storageAccounts');
      const geo = 'geoRedundant' in parameters ? 'Standard_GRS' : 'Standard_LRS';
      expect(account?.sku?.name).toBe(isWhole ? 'Standard_GZRS' : geo);
      expect(account?.properties).toMatchObject({ networkAcls: { defaultAction: isPrivate ? 'Deny' : 'Allow' } });
      const topics = of('Microsoft.EventGrid/systemTopics').map((topic) => topic.name);
      expect(topics).toEqual('subscribesToRegistryEvents' in parameters ? [] : ['evgst-contoso']);
      const watched = 'watchesServiceHealth' in parameters ? 0 : (parameters.registries as object[]).length;
      expect(of('Microsoft.Insights/activityLogAlerts')).toHaveLength(watched);
      const definitions = of('Microsoft.Authorization/roleDefinitions');
      expect(definitions).toHaveLength('registryRoleId' in parameters ? 0 : (parameters.registries as object[]).length);
      const logs = of('Microsoft.Insights/diagnosticSettings');
      expect(logs.length > 0).toBe(parameters.resourceLogs !== 'none');
    },
    180_000,
  );

  test.each([
    [
      'fewer instances at most than always',
      { alwaysReadyInstances: 3, maxInstances: 2 },
      /maxInstances \(2\) must not be below alwaysReadyInstances \(3\)/,
    ],
    ['private endpoints without a way to them', { privateEndpointSubnetId: subnet('endpoints') }, /needs subnetId/],
  ])(
    'is refused: %s',
    async (_, parameters, reason) => {
      const { problem } = await render({ ...needed, registries: [contoso], ...parameters });
      expect(problem).toMatch(reason);
    },
    180_000,
  );

  async function render(parameters: Record<string, unknown>): Promise<{ resources: Rendered[]; problem?: string }> {
    const folder = await mkdtemp(join(tmpdir(), 'acr-replication-rendered-'));
    try {
      const lines = Object.entries(parameters).map(([name, value]) => `param ${name} = ${bicepOf(value)}`);
      const path = relative(folder, join(infra, 'main.bicep')).replaceAll('\\', '/');
      await writeFile(join(folder, 'main.bicepparam'), [`using '${path}'`, ...lines].join('\n'));
      const place = ['--subscription-id', '11111111-1111-1111-1111-111111111111', '--location', 'westeurope'];
      const file = join(folder, 'main.bicepparam');
      const { code, out, err } = (await bicep?.run('snapshot', file, '--mode', 'overwrite', ...place)) ?? {};
      if (code !== 0) return { resources: [], problem: `${out}${err}` };
      const snapshot = JSON.parse(await readFile(join(folder, 'main.snapshot.json'), 'utf8'));
      const problems = (snapshot.diagnostics as string[]).filter((line) => !line.includes("'vault-{0}'"));
      if (problems.length > 0) return { resources: [], problem: problems.join('\n') };
      return { resources: snapshot.predictedResources };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
});

interface Rendered extends Resource {
  readonly sku?: { readonly name: string };
}

/** As it is written in a file of parameters. */
function bicepOf(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(bicepOf).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([name, inner]) => `${name}: ${bicepOf(inner)}`)
    .join(', ')} }`;
}

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
  /** Plain ones, and those that are secrets. */
  const settingNames = () => {
    const blocks = (sources.get('main.bicep') ?? '').matchAll(
      /(?:\bsettings: |var secretSettings = )\{\n([\s\S]*?)\n {0,4}\}/g,
    );
    return [...blocks].flatMap(([, block = '']) => [...block.matchAll(/^\s+(\w+): /gm)].map(([, name = '']) => name));
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
    const storage = readFileSync(new URL('../../src/compose/storage.ts', import.meta.url), 'utf8');
    const names = [...storage.matchAll(/'(replication-[a-z-]+|Replication[A-Z]\w+)'/g)].map(([, name = '']) => name);
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
