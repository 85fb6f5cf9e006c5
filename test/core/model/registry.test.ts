import { describe, expect, test } from 'vitest';
import type { Registry } from '../../../src/core/model/registry.ts';
import {
  eventSource,
  findRegistryByHost,
  findRegistryByName,
  regionalOrigin,
} from '../../../src/core/model/registry.ts';
import { regionOf, registryOf } from '../../support/build.ts';

const plain = registryOf();
/** A domain name label scope puts a hash into the login server, not into the name (azure-cli's own tests). */
const hashed = registryOf({
  name: 'fabrikam',
  loginServer: 'fabrikam-d7ezgzevdwfvc8ht.azurecr.io',
  regionalEndpoints: true,
});
/** A suffix of four labels: nothing may count them. */
const sovereign = registryOf({
  name: 'sovereign',
  loginServer: 'sovereign.azurecr.sovcloud-azure.de',
  regionalEndpoints: true,
});
const local = registryOf({
  name: 'local',
  loginServer: 'localhost:5000',
  regionalEndpoints: new Map([
    [regionOf('eastus'), 'http://127.0.0.1:5001'],
    [regionOf('westeurope'), 'https://mirror.contoso.com'],
  ]),
});
const registries = [plain, hashed, sovereign, local];

const found: [string, Registry | undefined][] = [
  ['contoso.azurecr.io', plain],
  ['Contoso.AzureCR.io', plain],
  // Regional names mean the same images, whether or not this registry is asked at them.
  ['contoso.eastus.geo.azurecr.io', plain],
  ['CONTOSO.EastUS.geo.azurecr.io', plain],
  // A region that is not (yet) in the set is a region all the same.
  ['contoso.southeastasia.geo.azurecr.io', plain],
  ['fabrikam-d7ezgzevdwfvc8ht.azurecr.io', hashed],
  ['fabrikam-d7ezgzevdwfvc8ht.eastus.geo.azurecr.io', hashed],
  ['fabrikam.eastus.geo.azurecr.io', undefined],
  ['fabrikam.azurecr.io', undefined],
  ['sovereign.azurecr.sovcloud-azure.de', sovereign],
  ['sovereign.germanywestcentral.geo.azurecr.sovcloud-azure.de', sovereign],
  ['sovereign.azurecr.io', undefined],
  ['localhost:5000', local],
  ['127.0.0.1:5001', local],
  ['mirror.contoso.com', local],
  ['localhost', undefined],
  ['127.0.0.1:5002', undefined],
  ['docker.io', undefined],
  ['contoso', undefined],
  ['', undefined],
  ['contoso.geo.azurecr.io', undefined],
  ['contoso.eastus.azurecr.io', undefined],
  ['contoso.east-us.geo.azurecr.io', undefined],
  ['contoso.eastus.geo.', undefined],
  ['contoso.eastus.geo', undefined],
  // Where blobs are redirected to; never a login server.
  ['contoso.eastus.data.azurecr.io', undefined],
  ['contoso.azurecr.io.evil.example', undefined],
  ['evil.contoso.azurecr.io', undefined],
];

describe('the registry behind the host', () => {
  test.each(found)('%j', (host, registry) => {
    expect(findRegistryByHost(registries, host)?.name).toBe(registry?.name);
  });
});

describe('the registry by the name', () => {
  test.each([
    ['contoso', plain],
    ['CONTOSO', plain],
    ['fabrikam', hashed],
    ['contoso.azurecr.io', undefined],
    ['', undefined],
    ['constructor', undefined],
  ] as const)('%j', (name, registry) => {
    expect(findRegistryByName(registries, name)?.name).toBe(registry?.name);
  });
});

describe('where a replica is asked by itself', () => {
  test.each([
    [plain, 'eastus', undefined],
    [registryOf({ regionalEndpoints: true }), 'eastus', 'https://contoso.eastus.geo.azurecr.io'],
    [hashed, 'westeurope', 'https://fabrikam-d7ezgzevdwfvc8ht.westeurope.geo.azurecr.io'],
    [sovereign, 'germanywestcentral', 'https://sovereign.germanywestcentral.geo.azurecr.sovcloud-azure.de'],
    [local, 'eastus', 'http://127.0.0.1:5001'],
    [local, 'southeastasia', undefined],
  ] as const)('$name', (registry, region, origin) => {
    expect(regionalOrigin(registry, regionOf(region))).toBe(origin);
  });

  test('a standard regional name leads back to its registry', () => {
    for (const registry of [registryOf({ regionalEndpoints: true }), hashed, sovereign]) {
      const origin = regionalOrigin(registry, regionOf('eastus'));
      expect(findRegistryByHost(registries, new URL(origin ?? '').host)?.name).toBe(registry.name);
    }
  });
});

describe('the source of events', () => {
  test('is the ARM id', () => {
    const resourceId = '/subscriptions/1/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/contoso';
    expect(eventSource(registryOf({ resourceId }))).toBe(resourceId);
  });

  test('is the login server without one', () => {
    expect(eventSource(plain)).toBe('https://contoso.azurecr.io');
  });
});
