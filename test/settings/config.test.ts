import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { TableClient } from '@azure/data-tables';
import { QueueClient } from '@azure/storage-queue';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config.ts';
import { ConfigError, readConfig } from '../../src/config.ts';
import { isLoopback } from '../../src/core/runtime/url-origin.ts';
import { settingNames } from '../../src/settings/names.ts';

type Settings = Record<string, string | undefined>;

const registries = [{ name: 'contoso', regions: ['eastus', 'westeurope'] }];
const needed: Settings = {
  REGISTRIES: JSON.stringify(registries),
  WEBHOOK_SECRETS: 'first-secret-of-the-tests',
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  EVENT_GRID_TOPIC_ENDPOINT: 'https://topic.westeurope-1.eventgrid.azure.net/api/events',
};
const contoso = {
  name: 'contoso',
  loginServer: 'contoso.azurecr.io',
  resourceId: undefined,
  regions: ['eastus', 'westeurope'],
  observedOnly: [],
  regionalEndpoints: false,
  verify: 'missing',
  members: true,
};
const resourceId = '/subscriptions/1/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/contoso';

function faultsOf(settings: Settings): readonly string[] {
  try {
    readConfig(settings);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

function withEntry(entry: unknown): Settings {
  return { ...needed, REGISTRIES: JSON.stringify([entry]) };
}

function registryOf(entry: Record<string, unknown>) {
  return readConfig(withEntry({ ...registries[0], ...entry })).registries[0];
}

test('what must be set is enough, and the rest has the defaults of the contract', () => {
  expect(readConfig(needed)).toEqual({
    registries: [contoso],
    webhookSecrets: ['first-secret-of-the-tests'],
    storage: { kind: 'connectionString', connectionString: 'UseDevelopmentStorage=true' },
    topic: { endpoint: 'https://topic.westeurope-1.eventgrid.azure.net/api/events', key: undefined },
    delayedAfterSeconds: 900,
    probeAfterSeconds: 60,
    retentionDays: 90,
    webhookManagement: 'audit',
    forwards: [],
    callbacks: { origins: expect.any(Array), key: undefined },
    warnings: [],
  });
});

test('the sample file is usable with the endpoint of the topic added', () => {
  const path = new URL('../../local.settings.sample.json', import.meta.url);
  const { Values } = JSON.parse(readFileSync(path, 'utf8'));
  expect(faultsOf(Values)).toEqual([expect.stringMatching(/^EVENT_GRID_TOPIC_ENDPOINT: is required/)]);
  const config = readConfig({ ...Values, EVENT_GRID_TOPIC_ENDPOINT: 'https://topic.example/api/events' });
  expect(config.registries.map(({ name }) => name)).toEqual(['contoso']);
});

describe('settings', () => {
  test.each<[string, Settings, Partial<Config>]>([
    ['numbers', { DELAYED_AFTER_SECONDS: '5' }, { delayedAfterSeconds: 5 }],
    ['numbers', { PROBE_AFTER_SECONDS: ' 120 ' }, { probeAfterSeconds: 120 }],
    ['numbers', { RETENTION_DAYS: '1' }, { retentionDays: 1 }],
    ['an empty value', { DELAYED_AFTER_SECONDS: '', EVENT_GRID_TOPIC_KEY: ' ' }, { delayedAfterSeconds: 900 }],
    ['management', { WEBHOOK_MANAGEMENT: 'off' }, { webhookManagement: 'off' }],
    ['management', { WEBHOOK_MANAGEMENT: 'manage' }, { webhookManagement: 'manage' }],
    [
      'two secrets',
      { WEBHOOK_SECRETS: 'first-secret-of-the-tests, second-secret-of-the-tests' },
      { webhookSecrets: ['first-secret-of-the-tests', 'second-secret-of-the-tests'] },
    ],
    [
      'a key of the topic',
      { EVENT_GRID_TOPIC_KEY: 'topic-key' },
      { topic: { endpoint: needed.EVENT_GRID_TOPIC_ENDPOINT ?? '', key: 'topic-key' } },
    ],
    [
      'a topic on this machine, with a key',
      { EVENT_GRID_TOPIC_ENDPOINT: 'http://127.0.0.1:7072/api/events', EVENT_GRID_TOPIC_KEY: 'topic-key' },
      { topic: { endpoint: 'http://127.0.0.1:7072/api/events', key: 'topic-key' } },
    ],
    [
      'a storage account by identity',
      { AzureWebJobsStorage: undefined, AzureWebJobsStorage__accountName: 'contosodata' },
      {
        storage: {
          kind: 'identity',
          tableUri: 'https://contosodata.table.core.windows.net',
          queueUri: 'https://contosodata.queue.core.windows.net',
          clientId: undefined,
        },
      },
    ],
    [
      'a storage account by identity, in another cloud',
      {
        AzureWebJobsStorage: undefined,
        AzureWebJobsStorage__tableServiceUri: 'https://contosodata.table.core.chinacloudapi.cn',
        AzureWebJobsStorage__queueServiceUri: 'https://contosodata.queue.core.chinacloudapi.cn/',
        AzureWebJobsStorage__clientId: '11111111-2222-3333-4444-555555555555',
      },
      {
        storage: {
          kind: 'identity',
          tableUri: 'https://contosodata.table.core.chinacloudapi.cn',
          queueUri: 'https://contosodata.queue.core.chinacloudapi.cn',
          clientId: '11111111-2222-3333-4444-555555555555',
        },
      },
    ],
  ])('%s are read', (_what, settings, expected) => {
    expect(readConfig({ ...needed, ...settings })).toMatchObject(expected);
  });

  test('nobody asked for are ignored', () => {
    expect(readConfig({ ...needed, REGISTRY: '[]', PATH: '/bin' })).toEqual(readConfig(needed));
  });

  test.each<[string, string]>([
    ['REGISTRIE', 'REGISTRIES'],
    ['REGISTIRES', 'REGISTRIES'],
    ['WEBHOOK_SECRET', 'WEBHOOK_SECRETS'],
    ['registries', 'REGISTRIES'],
    ['PROBE_AFTER_SECOND', 'PROBE_AFTER_SECONDS'],
    ['CALBACK_KEY', 'CALLBACK_KEY'],
    ['AzureWebJobsStorage__accountname', 'AzureWebJobsStorage__accountName'],
  ])('nearly named as ours are warned of: %s', (name, meant) => {
    const { warnings, ...config } = readConfig({ ...needed, [name]: 'a-secret-of-the-tests' });
    expect(warnings).toEqual([`${name}: is not read; the nearest setting is ${meant}`]);
    expect(config).toEqual({ ...readConfig(needed), warnings: undefined });
  });

  test('nearly named as ours are reported with the faults, for they may be why something is missing', () => {
    const { WEBHOOK_SECRETS, ...others } = needed;
    expect(faultsOf({ ...others, WEBHOOK_SECRET: WEBHOOK_SECRETS })).toEqual([
      'WEBHOOK_SECRETS: is required: one or two secrets, comma-separated (got nothing)',
    ]);
    expect(() => readConfig({ ...others, WEBHOOK_SECRET: WEBHOOK_SECRETS })).toThrow(
      /\(got nothing\)\nWEBHOOK_SECRET: is not read; the nearest setting is WEBHOOK_SECRETS$/,
    );
  });

  test('of the platform are warned of by nobody', () => {
    // What the Functions host and App Service set, and what GitHub Actions and Azure Pipelines do where tests run.
    const names = [
      'AzureWebJobsStorage__blobServiceUri',
      'AzureWebJobsStorage__credential',
      'AzureWebJobsDashboard',
      'AzureWebJobsSecretStorageType',
      'AzureWebJobsScriptRoot',
      'AzureFunctionsJobHost__logging__logLevel__default',
      'APPSETTING_REGISTRIES',
      'APPSETTING_WEBHOOK_SECRETS',
      'CUSTOMCONNSTR_AzureWebJobsStorage',
      'FUNCTIONS_WORKER_RUNTIME',
      'FUNCTIONS_EXTENSION_VERSION',
      'WEBSITE_HOSTNAME',
      'WEBSITE_SITE_NAME',
      'WEBSITE_AUTH_ENABLED',
      'APPLICATIONINSIGHTS_CONNECTION_STRING',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'AZURE_CLIENT_ID',
      'IDENTITY_ENDPOINT',
      'GITHUB_ACTION',
      'GITHUB_API_URL',
      'GITHUB_REF',
      'SYSTEM_ACCESSTOKEN',
    ];
    expect(readConfig({ ...needed, ...Object.fromEntries(names.map((name) => [name, 'x'])) }).warnings).toEqual([]);
  });

  test('are found on Windows whatever their case, so nobody is warned', () => {
    expect(readConfig({ ...needed, registries: needed.REGISTRIES }).warnings).toEqual([]);
  });

  test('a host name of the platform that is none is named', () => {
    expect(faultsOf({ ...needed, WEBSITE_HOSTNAME: 'not a host' })).toEqual([
      'WEBSITE_HOSTNAME: must be a host name (got "not a host")',
    ]);
  });
});

describe('a registry', () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['an upper-case name', { name: 'Contoso' }, { name: 'contoso', loginServer: 'contoso.azurecr.io' }],
    ['a login server', { loginServer: 'Contoso-D7ez.AzureCR.io' }, { loginServer: 'contoso-d7ez.azurecr.io' }],
    ['a login server with a port', { loginServer: 'localhost:5000' }, { loginServer: 'localhost:5000' }],
    ['regions as people write them', { regions: ['East US', 'WestEurope'] }, { regions: ['eastus', 'westeurope'] }],
    ['an ARM id instead of regions', { regions: undefined, resourceId }, { regions: undefined, resourceId }],
    ['an ARM id and regions', { resourceId }, { regions: ['eastus', 'westeurope'], resourceId }],
    ['observed-only regions', { observedOnly: ['West Europe'] }, { observedOnly: ['westeurope'] }],
    ['observed-only regions ARM may know', { regions: undefined, resourceId, observedOnly: ['eastus'] }, {}],
    ['the standard regional endpoints', { regionalEndpoints: true }, { regionalEndpoints: true }],
    ['no regional endpoints', { regionalEndpoints: false }, { regionalEndpoints: false }],
    [
      'regional endpoints of its own',
      { regionalEndpoints: { 'East US': 'https://EastUS.contoso.com/', westeurope: 'http://127.0.0.1:5001' } },
      {
        regionalEndpoints: new Map([
          ['eastus', 'https://eastus.contoso.com'],
          ['westeurope', 'http://127.0.0.1:5001'],
        ]),
      },
    ],
    ['verification', { regionalEndpoints: true, verify: 'deep' }, { verify: 'deep' }],
  ])('with %s', (_what, entry, expected) => {
    expect(registryOf(entry)).toMatchObject(expected);
  });

  test('beside another', () => {
    const REGISTRIES = JSON.stringify([...registries, { name: 'fabrikam', resourceId }]);
    expect(readConfig({ ...needed, REGISTRIES }).registries.map(({ name }) => name)).toEqual(['contoso', 'fabrikam']);
  });
});

describe('a fault is reported as NAME: reason (got …)', () => {
  const example = 'a JSON array such as [{"name":"contoso","regions":["eastus","westeurope"]}]';
  const originRule = 'must be an https:// origin without a path (http:// on loopback addresses only)';

  test.each<[Settings, string]>([
    [{ REGISTRIES: undefined }, `REGISTRIES: is required: ${example} (got nothing)`],
    [{ REGISTRIES: '   ' }, `REGISTRIES: is required: ${example} (got nothing)`],
    [{ REGISTRIES: 'contoso' }, `REGISTRIES: must be ${example} (got "contoso")`],
    [{ REGISTRIES: '{"name":"contoso"}' }, `REGISTRIES: must be ${example} (got "{\\"name\\":\\"contoso\\"}")`],
    [{ REGISTRIES: '[]' }, `REGISTRIES: must be ${example} (got "[]")`],
    [{ WEBHOOK_SECRETS: undefined }, 'WEBHOOK_SECRETS: is required: one or two secrets, comma-separated (got nothing)'],
    [{ WEBHOOK_SECRETS: 'too-short' }, 'WEBHOOK_SECRETS: each must have at least 16 characters (got 9)'],
    [
      { WEBHOOK_SECRETS: 'first-secret-of-the-tests,short' },
      'WEBHOOK_SECRETS: each must have at least 16 characters (got 25 and 5)',
    ],
    [
      { WEBHOOK_SECRETS: 'first-secret-of-the-tests,' },
      'WEBHOOK_SECRETS: each must have at least 16 characters (got 25 and 0)',
    ],
    [
      { WEBHOOK_SECRETS: Array(3).fill('secret-of-the-tests').join() },
      'WEBHOOK_SECRETS: must be one or two secrets (got 3)',
    ],
    // It is sent as one word behind "Bearer".
    [{ WEBHOOK_SECRETS: 'first secret of the tests' }, 'WEBHOOK_SECRETS: must not hold white space (got some)'],
    [
      { AzureWebJobsStorage: undefined },
      'AzureWebJobsStorage: is required: a connection string, or AzureWebJobsStorage__accountName with an identity (got nothing)',
    ],
    [
      { AzureWebJobsStorage: 'contosodata' },
      'AzureWebJobsStorage: must be a storage connection string: each of its parts must be NAME=value (got 11 characters, not shown)',
    ],
    [
      { AzureWebJobsStorage: undefined, AzureWebJobsStorage__tableServiceUri: 'https://a.table.core.windows.net' },
      'AzureWebJobsStorage: is required: a connection string, or AzureWebJobsStorage__accountName with an identity (got nothing)',
    ],
    [
      { AzureWebJobsStorage: undefined, AzureWebJobsStorage__accountName: 'Contoso/Data' },
      'AzureWebJobsStorage__accountName: must be 3 to 24 lower-case letters and digits (got "Contoso/Data")',
    ],
    [
      {
        AzureWebJobsStorage: undefined,
        AzureWebJobsStorage__accountName: 'contosodata',
        AzureWebJobsStorage__tableServiceUri: 'contosodata.table.core.windows.net',
      },
      `AzureWebJobsStorage__tableServiceUri: ${originRule} (got "contosodata.table.core.windows.net")`,
    ],
    [
      { EVENT_GRID_TOPIC_ENDPOINT: undefined },
      'EVENT_GRID_TOPIC_ENDPOINT: is required: the endpoint of the topic, ending in /api/events (got nothing)',
    ],
    [
      { EVENT_GRID_TOPIC_ENDPOINT: 'topic.eventgrid.azure.net' },
      'EVENT_GRID_TOPIC_ENDPOINT: must be an https:// address (got "topic.eventgrid.azure.net")',
    ],
    [
      { EVENT_GRID_TOPIC_ENDPOINT: 'http://topic.eventgrid.azure.net/api/events' },
      'EVENT_GRID_TOPIC_ENDPOINT: must be an https:// address (got "http://topic.eventgrid.azure.net/api/events")',
    ],
    [
      { EVENT_GRID_TOPIC_ENDPOINT: 'https://user:password@topic.eventgrid.azure.net/api/events' },
      'EVENT_GRID_TOPIC_ENDPOINT: must be an https:// address (got something that may hold a secret, not shown)',
    ],
    [
      { EVENT_GRID_TOPIC_ENDPOINT: 'http://127.0.0.1:7072/api/events' },
      'EVENT_GRID_TOPIC_KEY: is required with an http:// endpoint: an identity is never sent in the clear (got nothing)',
    ],
    [{ DELAYED_AFTER_SECONDS: '15m' }, 'DELAYED_AFTER_SECONDS: must be a whole number from 1 to 31536000 (got "15m")'],
    [{ DELAYED_AFTER_SECONDS: '-1' }, 'DELAYED_AFTER_SECONDS: must be a whole number from 1 to 31536000 (got "-1")'],
    [{ PROBE_AFTER_SECONDS: '0' }, 'PROBE_AFTER_SECONDS: must be a whole number from 1 to 31536000 (got "0")'],
    [{ PROBE_AFTER_SECONDS: '1.5' }, 'PROBE_AFTER_SECONDS: must be a whole number from 1 to 31536000 (got "1.5")'],
    // Beyond that, the day of forgetting is no date any more.
    [{ RETENTION_DAYS: '99999999' }, 'RETENTION_DAYS: must be a whole number from 1 to 36500 (got "99999999")'],
    [{ RETENTION_DAYS: 'forever' }, 'RETENTION_DAYS: must be a whole number from 1 to 36500 (got "forever")'],
    [{ WEBHOOK_MANAGEMENT: 'yes' }, 'WEBHOOK_MANAGEMENT: must be "off", "audit" or "manage" (got "yes")'],
  ])('%j', (settings, fault) => {
    expect(faultsOf({ ...needed, ...settings })).toEqual([fault]);
  });

  test.each<[unknown, string]>([
    ['contoso', 'REGISTRIES: 0: must be an object with a "name" (got "contoso")'],
    [
      { ...registries[0], name: undefined },
      'REGISTRIES: 0.name: must be the registry name: 5 to 50 letters and digits (got nothing)',
    ],
    [
      { ...registries[0], name: 'contoso.azurecr.io' },
      'REGISTRIES: 0.name: must be the registry name: 5 to 50 letters and digits (got "contoso.azurecr.io")',
    ],
    [
      { ...registries[0], name: 5 },
      'REGISTRIES: 0.name: must be the registry name: 5 to 50 letters and digits (got 5)',
    ],
    [
      { ...registries[0], name: 'four' },
      'REGISTRIES: 0.name: must be the registry name: 5 to 50 letters and digits (got "four")',
    ],
    [
      { ...registries[0], loginServer: 'https://contoso.azurecr.io' },
      'REGISTRIES: 0.loginServer: must be a host name, without https:// (got "https://contoso.azurecr.io")',
    ],
    [{ name: 'contoso' }, 'REGISTRIES: 0: needs "regions" or "resourceId" to know its replicas (got neither)'],
    [
      { ...registries[0], resourceId: 'contoso' },
      'REGISTRIES: 0.resourceId: must be /subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerRegistry/registries/… (got "contoso")',
    ],
    [
      { name: 'contoso', regions: ['eastus', 'west-europe'] },
      'REGISTRIES: 0.regions.1: must be an Azure region such as "westeurope" or "West Europe" (got "west-europe")',
    ],
    [{ name: 'contoso', regions: [] }, 'REGISTRIES: 0.regions: must name at least one region (got [])'],
    [
      { name: 'contoso', regions: 'eastus,westeurope' },
      'REGISTRIES: 0.regions: must be a list of regions (got "eastus,westeurope")',
    ],
    [
      { ...registries[0], observedOnly: ['eastus', 'westeurope'] },
      'REGISTRIES: 0.observedOnly: leaves no region to wait for (got ["eastus","westeurope"])',
    ],
    [
      { ...registries[0], regionalEndpoints: 'yes' },
      'REGISTRIES: 0.regionalEndpoints: must be true, false, or a map from region to origin (got "yes")',
    ],
    [
      { ...registries[0], regionalEndpoints: { eastus: 'http://eastus.contoso.com' } },
      `REGISTRIES: 0.regionalEndpoints.eastus: ${originRule} (got "http://eastus.contoso.com")`,
    ],
    [
      { ...registries[0], regionalEndpoints: { eastus: 'https://eastus.contoso.com/v2' } },
      `REGISTRIES: 0.regionalEndpoints.eastus: ${originRule} (got "https://eastus.contoso.com/v2")`,
    ],
    // Credentials do not belong there, and are not repeated.
    [
      { ...registries[0], regionalEndpoints: { eastus: 'https://user:password@eastus.contoso.com' } },
      `REGISTRIES: 0.regionalEndpoints.eastus: ${originRule} (got something that may hold a secret, not shown)`,
    ],
    [
      { ...registries[0], regionalEndpoints: { 'east-us': 'https://eastus.contoso.com' } },
      'REGISTRIES: 0.regionalEndpoints.east-us: must be an Azure region such as "westeurope" or "West Europe" (got "east-us")',
    ],
    [
      { ...registries[0], verify: 'deep' },
      'REGISTRIES: 0.verify: needs "regionalEndpoints": without them no single replica can be asked (got "deep")',
    ],
    [
      { ...registries[0], regionalEndpoints: true, verify: 'always' },
      'REGISTRIES: 0.verify: must be "missing", "confirm" or "deep" (got "always")',
    ],
  ])('registry %j', (entry, fault) => {
    expect(faultsOf(withEntry(entry))).toEqual([fault]);
  });

  test('a region that is named twice is one', () => {
    const lists = { regions: ['eastus', 'East US', 'West Europe'], observedOnly: ['uksouth', 'UK South'] };
    const { registries: read, forwards } = readConfig({
      ...withEntry({ name: 'contoso', ...lists }),
      FORWARD_WEBHOOKS: JSON.stringify([{ name: 'flux', url: 'https://flux.example/', regions: lists.regions }]),
    });
    expect(read).toMatchObject([{ regions: ['eastus', 'westeurope'], observedOnly: ['uksouth'] }]);
    expect(forwards).toMatchObject([{ regions: ['eastus', 'westeurope'] }]);
  });

  test.each<[string, unknown, string]>([
    ['name', { name: 'CONTOSO', regions: ['eastus'], loginServer: 'other.azurecr.io' }, '"contoso"'],
    ['loginServer', { name: 'other', regions: ['eastus'], loginServer: 'Contoso.azurecr.io' }, '"contoso.azurecr.io"'],
  ])('two registries with one %s', (key, other, value) => {
    expect(faultsOf({ ...needed, REGISTRIES: JSON.stringify([...registries, other]) })).toEqual([
      `REGISTRIES: 1.${key}: two entries have it (got ${value})`,
    ]);
  });
});

describe('a storage connection string', () => {
  const account = 'DefaultEndpointsProtocol=https;AccountName=contosodata;AccountKey=c2VjcmV0';
  const suffix = 'EndpointSuffix=core.windows.net';
  const local = 'TableEndpoint=http://127.0.0.1:10002/a;QueueEndpoint=http://127.0.0.1:10001/a';
  const signature = 'SharedAccessSignature=sv=2024&sig=c2VjcmV0%3D';

  test.each([
    'UseDevelopmentStorage=true',
    'UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1',
    `${account};${suffix}`,
    `${account};${suffix};`,
    `BlobEndpoint=https://a.blob.core.windows.net/;${account};${suffix}`,
    `${account.replace('https', 'http')};${local}`,
    `${local};${signature}`,
  ])('%s', (AzureWebJobsStorage) => {
    expect(faultsOf({ ...needed, AzureWebJobsStorage })).toEqual([]);
    // What takes it must find no fault either.
    for (const make of [TableClient.fromConnectionString, (text: string) => new QueueClient(text, 'queue')]) {
      expect(() => make(AzureWebJobsStorage, 'table', { allowInsecureConnection: true })).not.toThrow();
    }
  });

  test.each<[string, string]>([
    ['UseDevelopmentStorage=false', '"UseDevelopmentStorage" must come first, and be true'],
    [`${suffix};UseDevelopmentStorage=true`, '"UseDevelopmentStorage" must come first, and be true'],
    ['usedevelopmentstorage=true', '"UseDevelopmentStorage" must be written so'],
    [`${account}`, 'needs "EndpointSuffix", such as core.windows.net, or "TableEndpoint"'],
    [`${account};TableEndpoint=https://a`, 'needs "EndpointSuffix", such as core.windows.net, or "QueueEndpoint"'],
    [`${account};${suffix};TableEndpoint=a.table`, '"TableEndpoint" must be an http:// or https:// address'],
    [`${account.replace('https', 'ftp')};${suffix}`, '"DefaultEndpointsProtocol" must be https'],
    [`${account.replace('DefaultEndpointsProtocol=https;', '')};${suffix}`, 'needs "DefaultEndpointsProtocol"'],
    [`${account.replace('contosodata', '')};${suffix}`, 'needs "AccountName"'],
    [`${account.replace('c2VjcmV0', '')};${suffix}`, 'needs "AccountKey"'],
    [`${account.replace('c2VjcmV0', 'no base64!')};${suffix}`, '"AccountKey" must be base64'],
    [`${account.replace('AccountKey', 'accountkey')};${suffix}`, '"AccountKey" must be written so'],
    [`AccountName=contosodata;${suffix}`, 'needs "AccountKey" or "SharedAccessSignature"'],
    [signature, 'needs "TableEndpoint"'],
    [`${signature};TableEndpoint=https://a.table.core.windows.net`, 'needs "QueueEndpoint"'],
    ['https://contosodata.table.core.windows.net', 'each of its parts must be NAME=value'],
    [`${account};;${suffix};c2VjcmV0`, 'each of its parts must be NAME=value'],
  ])('%s is none', (AzureWebJobsStorage, reason) => {
    const got = `(got ${AzureWebJobsStorage.length} characters, not shown)`;
    const fault = `AzureWebJobsStorage: must be a storage connection string: ${reason} ${got}`;
    expect(faultsOf({ ...needed, AzureWebJobsStorage })).toEqual([fault]);
  });
});

describe('a field that no entry has', () => {
  test.each<[string, unknown, string]>([
    ['verfy', { verfy: 'deep' }, 'verify'],
    ['region', { region: ['eastus'] }, 'regions'],
    ['Regions', { Regions: [] }, 'regions'],
    ['regionalEndpoint', { regionalEndpoint: true }, 'regionalEndpoints'],
    ['login_server', { login_server: 'x' }, 'loginServer'],
  ])('%s of a registry is a fault that names the nearest', (name, fields, near) => {
    expect(faultsOf(withEntry({ ...registries[0], ...Object(fields) }))).toEqual([
      `REGISTRIES: 0.${name}: is not a field of an entry; the nearest is "${near}" (got "${name}")`,
    ]);
  });

  test('is reported with all other faults, and its value is not', () => {
    const REGISTRIES = JSON.stringify([
      { name: 'x', verfy: 'a-secret', constructor: 'a-secret' },
      { ...registries[0], obsrvedOnly: [] },
    ]);
    const FORWARD_WEBHOOKS = JSON.stringify([
      { name: 'flux', uri: 'https://flux.example/a-secret', token: 'a-secret' },
    ]);
    const faults = faultsOf({ ...needed, REGISTRIES, FORWARD_WEBHOOKS });
    expect(faults.map((fault) => fault.split(': ').slice(0, 2).join(' ')).sort()).toEqual([
      'FORWARD_WEBHOOKS 0.token',
      'FORWARD_WEBHOOKS 0.uri',
      'FORWARD_WEBHOOKS 0.url',
      'REGISTRIES 0',
      'REGISTRIES 0.constructor',
      'REGISTRIES 0.name',
      'REGISTRIES 0.verfy',
      'REGISTRIES 1.obsrvedOnly',
    ]);
    expect(faults.join()).not.toContain('a-secret');
  });

  test('of what is forwarded is a fault that names the nearest', () => {
    const FORWARD_WEBHOOKS = JSON.stringify([{ name: 'flux', url: 'https://flux.example/', repository: ['team/*'] }]);
    expect(faultsOf({ ...needed, FORWARD_WEBHOOKS })).toEqual([
      'FORWARD_WEBHOOKS: 0.repository: is not a field of an entry; the nearest is "repositories" (got "repository")',
    ]);
  });
});

describe('regional endpoints', () => {
  const endpoint = 'https://replica.contoso.com';
  test.each<[object, string]>([
    [{ northeurope: endpoint }, '["northeurope"]'],
    [{}, '[]'],
    [{ southeastasia: endpoint, northeurope: endpoint }, '["southeastasia","northeurope"]'],
  ])('%j, of no region that is waited for', (regionalEndpoints, got) => {
    const entry = {
      ...registries[0],
      regions: ['East US', 'westeurope', 'southeastasia'],
      observedOnly: ['southeastasia'],
    };
    expect(faultsOf(withEntry({ ...entry, regionalEndpoints }))).toEqual([
      `REGISTRIES: 0.regionalEndpoints: has none of the regions that are waited for: eastus, westeurope (got ${got})`,
    ]);
  });

  test.each<[object, string[]]>([
    [{}, []],
    [
      { verify: 'confirm' },
      ['REGISTRIES: 0.regionalEndpoints: lacks westeurope, where "verify" can never be satisfied (got ["East US"])'],
    ],
    [{ resourceId, regions: undefined }, []],
  ])('of some of them, with %j', (fields, warnings) => {
    const entry = { ...registries[0], regionalEndpoints: { 'East US': endpoint }, ...fields };
    expect(readConfig(withEntry(entry)).warnings).toEqual(warnings);
  });
});

describe('faults', () => {
  test('are all reported at once, each on a line of its own', () => {
    const settings = {
      WEBHOOK_SECRETS: 'short',
      DELAYED_AFTER_SECONDS: 'a',
      PROBE_AFTER_SECONDS: 'b',
      RETENTION_DAYS: 'c',
      WEBHOOK_MANAGEMENT: 'd',
    };
    const names = faultsOf(settings).map((fault) => fault.split(':')[0]);
    expect(names.sort()).toEqual([
      'AzureWebJobsStorage',
      'DELAYED_AFTER_SECONDS',
      'EVENT_GRID_TOPIC_ENDPOINT',
      'PROBE_AFTER_SECONDS',
      'REGISTRIES',
      'RETENTION_DAYS',
      'WEBHOOK_MANAGEMENT',
      'WEBHOOK_SECRETS',
    ]);
    expect(new ConfigError(['A: b', 'C: d']).message).toBe('The settings are not usable:\nA: b\nC: d');
  });

  test('of secrets are reported together', () => {
    const WEBHOOK_SECRETS = 'short,secret secretsecret1,third-secret-here';
    expect(faultsOf({ ...needed, WEBHOOK_SECRETS })).toEqual([
      'WEBHOOK_SECRETS: must be one or two secrets (got 3)',
      'WEBHOOK_SECRETS: each must have at least 16 characters (got 5 and 20 and 17)',
      'WEBHOOK_SECRETS: must not hold white space (got some)',
    ]);
  });

  test('of names that are there twice are reported beside others', () => {
    const [one] = registries;
    const REGISTRIES = JSON.stringify([one, { ...one, name: 'Contoso' }, { ...one, name: 'x' }, one, {}, 5]);
    const places = faultsOf({ ...needed, REGISTRIES }).map((fault) => fault.split(': ')[1]);
    expect(places.sort()).toEqual(['1.name', '2.name', '3.name', '4', '4.name', '5']);
  });

  test('of what is forwarded are reported together, and show nothing of it', () => {
    const flux = { name: 'flux', url: 'https://flux.example/hook/1' };
    const FORWARD_WEBHOOKS = JSON.stringify([
      { ...flux, secret: 'hidden', repositories: [''] },
      { name: 'flux' },
      { ...flux, registry: 'fabrikam' },
      { ...flux, name: 'keel', secret: 5, headers: { A: 5 } },
    ]);
    expect(faultsOf({ ...needed, FORWARD_WEBHOOKS })).toEqual([
      'FORWARD_WEBHOOKS: 0.repositories.0: must not be empty (got 0 characters, not shown)',
      'FORWARD_WEBHOOKS: 0.secret: must have at least 8 characters (got 6 characters, not shown)',
      'FORWARD_WEBHOOKS: 1.url: must be an https:// address (http:// with "allowPrivate") (got nothing)',
      'FORWARD_WEBHOOKS: 2.registry: must be the name of a registry in REGISTRIES (got 8 characters, not shown)',
      'FORWARD_WEBHOOKS: 3.secret: must be a text (got something else, not shown)',
      'FORWARD_WEBHOOKS: 3.headers.A: must be a text (got something else, not shown)',
      'FORWARD_WEBHOOKS: 1.name: two entries have it (got "flux")',
      'FORWARD_WEBHOOKS: 2.name: two entries have it (got "flux")',
    ]);
  });

  test('of one target are reported together', () => {
    const FORWARD_WEBHOOKS = JSON.stringify([
      { name: 'FLUX', url: 'http://user:a-password@flux.example', registry: 'other', regions: ['eastus'], require: 2 },
    ]);
    const faults = faultsOf({ ...needed, FORWARD_WEBHOOKS });
    const places = faults.map((fault) => fault.split(': ')[1]);
    expect(places.sort()).toEqual(['0.name', '0.registry', '0.require', '0.url', '0.url']);
    expect(faults.join()).not.toContain('a-password');
  });

  test('of one registry and of the next are reported together', () => {
    const REGISTRIES = JSON.stringify([
      { name: 'a.b', verify: 'deep', regions: ['!'] },
      { name: 'fabrikam', observedOnly: [5] },
    ]);
    const places = faultsOf({ ...needed, REGISTRIES }).map((fault) => fault.split(': ')[1]);
    expect(places.sort()).toEqual(['0.name', '0.regions.0', '0.verify', '1', '1.observedOnly.0']);
  });
});

describe('secrets', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9+/=]{24,40}$/);

  test('are never echoed, whatever is wrong with them or beside them', () => {
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom(
          (text: string) => ({ WEBHOOK_SECRETS: text }),
          (text: string) => ({ WEBHOOK_SECRETS: `${text},short` }),
          (text: string) => ({ WEBHOOK_SECRETS: `${text} ${text}` }),
          (text: string) => ({ WEBHOOK_SECRETS: `${text},${text},${text}` }),
          (text: string) => ({ EVENT_GRID_TOPIC_KEY: text }),
          (text: string) => ({ AzureWebJobsStorage: `AccountName=contosodata;AccountKey=${text}` }),
          (text: string) => ({ AzureWebJobsStorage: `AccountKey=${text}` }),
          (text: string) => ({ AzureWebJobsStorage: text }),
          (text: string) => ({ EVENT_GRID_TOPIC_ENDPOINT: `http://topic.example/api/events?aeg-sas-key=${text}` }),
          (text: string) => ({ EVENT_GRID_TOPIC_ENDPOINT: `ftp://user:${text.replaceAll('/', '')}@topic.example` }),
          // Settings that were mixed up.
          ...settingNames.map((name) => (text: string) => ({ [name]: text })),
          ...settingNames.map((name) => (text: string) => ({
            [name]: `https://user:${text.replaceAll('/', '')}@a.example`,
          })),
          ...settingNames.map((name) => (text: string) => ({ [name]: `AccountName=a;AccountKey=${text}` })),
          ...settingNames.map((name) => (text: string) => ({ [`${name}S`]: text })),
          (text: string) => ({ GITHUB_APP_ID: `-----BEGIN RSA PRIVATE KEY-----\n${text}` }),
          (text: string) => ({ CALLBACK_ORIGINS: `https://dev.azure.com,${text}` }),
          (text: string) => ({ REGISTRIES: JSON.stringify([{ ...registries[0], password: text }]) }),
          (text: string) => ({ REGISTRIES: JSON.stringify({ name: 'contoso', password: text }) }),
          (text: string) => ({
            FORWARD_WEBHOOKS: JSON.stringify([{ name: 'flux', urls: `https://a.example/${text}` }]),
          }),
        ),
        (text, spoil) => {
          const faults = faultsOf({ ...needed, RETENTION_DAYS: 'for ever', ...spoil(text) });
          expect(faults.length).toBeGreaterThan(0);
          for (const part of [text, text.replaceAll('/', '')]) expect(faults.join('\n')).not.toContain(part);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('a loopback address', () => {
  test.each(['localhost', '127.0.0.1', '127.1.2.3', '[::1]'])('%s', (hostname) => {
    expect(isLoopback(hostname)).toBe(true);
  });

  test.each(['127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1', '0.0.0.0', '[::]', ''])(
    'is not %j',
    (hostname) => {
      expect(isLoopback(hostname)).toBe(false);
    },
  );
});

describe('FORWARD_WEBHOOKS', () => {
  const flux = { name: 'flux', url: 'https://flux.example/hook/1' };
  const withTarget = (target: unknown, more: unknown[] = []) => ({
    ...needed,
    FORWARD_WEBHOOKS: JSON.stringify([target, ...more]),
  });
  const everything = {
    registry: undefined,
    repositories: ['*'],
    tags: ['*'],
    regions: undefined,
    require: 'all',
    headers: {},
    allowPrivate: false,
  };

  test.each<[string, object, object]>([
    ['a name and an address are enough', {}, {}],
    ['regions', { regions: ['East US'], require: 'any' }, { regions: ['eastus'], require: 'any' }],
    ['a number', { require: 2 }, { require: 2 }],
    ['a registry', { registry: 'Contoso' }, { registry: 'contoso' }],
    ['names', { repositories: ['team/*'], tags: ['v*'] }, { repositories: ['team/*'], tags: ['v*'] }],
    ['a secret', { secret: 'a-token-of-the-tests' }, { secret: 'a-token-of-the-tests' }],
    ['headers', { headers: { Authorization: 'Bearer x' } }, { headers: { Authorization: 'Bearer x' } }],
    [
      'a private address',
      { url: 'http://receiver.flux-system.svc/hook/1', allowPrivate: true },
      { url: 'http://receiver.flux-system.svc/hook/1', allowPrivate: true },
    ],
    ['this machine', { url: 'http://127.0.0.1:9000/hook' }, { url: 'http://127.0.0.1:9000/hook' }],
  ])('%s', (_, target, expected) => {
    const [read] = readConfig(withTarget({ ...flux, ...target })).forwards;
    expect(read).toEqual({ ...flux, ...everything, ...expected });
  });

  test.each<[unknown, RegExp]>([
    ['{', /^FORWARD_WEBHOOKS: must be a JSON array such as \[\{"name"/],
    [[flux, flux], /^FORWARD_WEBHOOKS: 1\.name: two entries have it \(got "flux"\)/],
    [['x'], /^FORWARD_WEBHOOKS: 0: must be an object with a "name" and a "url"/],
    [[{ url: flux.url }], /^FORWARD_WEBHOOKS: 0\.name: must be 1 to 40 small letters/],
    [[{ ...flux, name: 'a.b' }], /0\.name: must be/],
    [[{ name: 'flux' }], /0\.url: must be an https:\/\/ address/],
    [[{ ...flux, url: 'http://flux.example/' }], /0\.url: must be an https/],
    [[{ ...flux, url: 'ftp://flux.example/' }], /0\.url: must be an https/],
    [[{ ...flux, url: 'https://a-user:a-password@flux.example/' }], /0\.url: must hold no user name/],
    [[{ ...flux, registry: 'fabrikam' }], /0\.registry: must be the name of a registry/],
    [[{ ...flux, regions: [] }], /0\.regions: must name at least one/],
    [[{ ...flux, regions: ['east-us'] }], /0\.regions\.0: /],
    [[{ ...flux, regions: ['eastus'], require: 2 }], /0\.require: can never be met by 1 regions/],
    [[{ ...flux, regions: ['eastus', 'East US'], require: 2 }], /0\.require: can never be met by 1 regions/],
    [[{ ...flux, require: 0 }], /0\.require: must be "all", "any" or a number/],
    [[{ ...flux, secret: 'short' }], /0\.secret: must have at least 8/],
    [[{ ...flux, headers: { 'X-A': 'a\r\nX-B: b' } }], /0\.headers\.X-A: must be one line/],
    [[{ ...flux, headers: { 'X A': 'a' } }], /0\.headers/],
    [[{ ...flux, allowPrivate: 'yes' }], /0\.allowPrivate: must be true or false/],
  ])('%j is refused, and nothing of it is shown', (value, fault) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const faults = faultsOf({ ...needed, FORWARD_WEBHOOKS: text });
    expect(faults).toEqual([expect.stringMatching(fault)]);
    expect(faults.join('\n')).not.toMatch(/a-password|hook\/1/);
    expect(faults.join('\n')).toMatch(/ \(got [^)]+\)$/);
  });
});

describe('checks', () => {
  const key = Buffer.alloc(32, 7).toString('base64');
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs1', format: 'pem' })
    .toString();
  const app = {
    CALLBACK_KEY: key,
    GITHUB_WEBHOOK_SECRET: 'a-webhook-secret-of-the-tests',
    GITHUB_APP_ID: '12345',
    GITHUB_APP_PRIVATE_KEY: pem,
  };

  test('a key is 32 bytes', () => {
    expect(readConfig({ ...needed, CALLBACK_KEY: key }).callbacks.key).toEqual(Buffer.alloc(32, 7));
  });

  const base64 = Buffer.from(pem).toString('base64');
  const letters = pem.replaceAll('\n', '\\n');
  test.each([
    ['as it is', pem],
    ['with line ends as on Windows', pem.replaceAll('\n', '\r\n')],
    ['with \\n for line ends', letters],
    ['with \\r\\n for line ends', pem.replaceAll('\n', '\\r\\n')],
    ['with \\n for line ends, escaped twice', pem.replaceAll('\n', '\\\\n')],
    ['with spaces for line ends', pem.replaceAll('\n', ' ')],
    ['with nothing for line ends', pem.replaceAll('\n', '')],
    ['in quotes', `"${pem}"`],
    ['in quotes on one line', `'${letters}'`],
    ['with quotes that were quoted', `"\\"${letters}\\""`],
    ['in base64', base64],
    ['in base64 on lines', base64.replaceAll(/.{76}/g, '$&\n')],
    ['in base64 in quotes', `"${base64}"`],
    ['with spaces for line ends, in base64', Buffer.from(pem.replaceAll('\n', ' ')).toString('base64')],
    ['with quotes, in base64', Buffer.from(`"${letters}"`).toString('base64')],
  ])('a private key %s', (_, text) => {
    const { github } = readConfig({ ...needed, ...app, GITHUB_APP_PRIVATE_KEY: text });
    expect(github?.privateKey).toBe(pem);
  });

  test('a private key of the other form', () => {
    const pkcs8 = createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem' }).toString();
    const { github } = readConfig({ ...needed, ...app, GITHUB_APP_PRIVATE_KEY: pkcs8.replaceAll('\n', ' ') });
    expect(github?.privateKey).toBe(pkcs8);
  });

  test.each([
    ['half of it', pem.slice(0, 400)],
    ['with another end', pem.replace('END RSA', 'END EC')],
    [
      'of another kind',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    ],
    ['that is public', createPublicKey(pem).export({ type: 'spki', format: 'pem' })],
  ])('a private key %s is none', (_, text) => {
    const [fault = '', ...more] = faultsOf({ ...needed, ...app, GITHUB_APP_PRIVATE_KEY: String(text) });
    expect([fault, more]).toEqual([expect.stringMatching(/^GITHUB_APP_PRIVATE_KEY: .*not shown\)$/), []]);
  });

  test.each<[string, Settings, RegExp[]]>([
    ['half a key', { CALLBACK_KEY: 'AAAA' }, [/^CALLBACK_KEY: must be 32 bytes in base64/]],
    ['an origin with a path', { CALLBACK_ORIGINS: 'https://dev.azure.com/org' }, [/^CALLBACK_ORIGINS: must be/]],
    [
      'half an app',
      { GITHUB_APP_ID: '12345' },
      [/^GITHUB_WEBHOOK_SECRET: is required/, /^GITHUB_APP_PRIVATE_KEY: is required/, /^CALLBACK_KEY: is required/],
    ],
    ['a short secret', { ...app, GITHUB_WEBHOOK_SECRET: 'short' }, [/^GITHUB_WEBHOOK_SECRET: .* \(got 5\)/]],
    ['another id', { ...app, GITHUB_APP_ID: 'a b' }, [/^GITHUB_APP_ID: must be the id/]],
    ['no key', { ...app, GITHUB_APP_PRIVATE_KEY: 'not-a-key' }, [/^GITHUB_APP_PRIVATE_KEY: .*not shown/]],
    ['another placeholder', { GITHUB_IMAGE_TEMPLATE: 'a/{branch}' }, [/^GITHUB_IMAGE_TEMPLATE: .*"\{branch\}"/]],
    ['a template of no image', { GITHUB_IMAGE_TEMPLATE: 'https://r.azurecr.io/{repo}' }, [/^GITHUB_IMAGE_TEMPLATE: /]],
    ['a template without a registry', { GITHUB_IMAGE_TEMPLATE: 'team/{repo}' }, [/^GITHUB_IMAGE_TEMPLATE: /]],
  ])('%s is refused', (_, settings, faults) => {
    const reported = faultsOf({ ...needed, ...settings });
    expect(reported).toEqual(faults.map((fault) => expect.stringMatching(fault)));
    for (const fault of reported) expect(fault).toMatch(/ \(got .+\)$/);
  });
});

describe('where telemetry goes', () => {
  const insights = { APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=1' };

  test.each<[string, Settings, Config['telemetry']]>([
    ['nowhere, unless somebody says where', { WEBSITE_SITE_NAME: 'func-tracker' }, undefined],
    [
      'to a collector',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_TRACES_SAMPLER: 'always_off' },
      {
        service: 'acr-replication-tracker',
        otlpEndpoint: 'http://collector:4318',
        azureMonitor: undefined,
        hasOwnSampler: true,
      },
    ],
    [
      'to Application Insights, under the name of the site',
      { ...insights, WEBSITE_SITE_NAME: 'func-tracker' },
      {
        service: 'func-tracker',
        otlpEndpoint: undefined,
        azureMonitor: { connectionString: 'InstrumentationKey=1', identity: undefined },
        hasOwnSampler: false,
      },
    ],
    ['nowhere, when it is switched off', { ...insights, OTEL_SDK_DISABLED: 'true' }, undefined],
  ])('%s', (_, settings, telemetry) => {
    expect(readConfig({ ...needed, ...settings }).telemetry).toEqual(telemetry);
  });

  test.each([
    ['Authorization=AAD;ClientId=one', { clientId: 'one' }],
    ['ClientId=one;Authorization=AAD', { clientId: 'one' }],
    ['Authorization=AAD', { clientId: undefined }],
    ['ClientId=one', undefined],
    ['', undefined],
  ])('with the identity of %s', (text, identity) => {
    const settings = { ...insights, APPLICATIONINSIGHTS_AUTHENTICATION_STRING: text };
    expect(readConfig({ ...needed, ...settings }).telemetry?.azureMonitor?.identity).toEqual(identity);
  });
});
