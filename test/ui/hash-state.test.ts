import { describe, expect, test } from 'vitest';
import type { View } from '../../src/ui/hash-state.ts';
import { findRegistry, formatHash, parseHash, readReference } from '../../src/ui/hash-state.ts';
import { isDigest, searchText } from '../../src/ui/search-text.ts';

const list: View = {
  screen: 'images',
  registry: undefined,
  q: undefined,
  state: undefined,
  missing: undefined,
  sort: undefined,
  image: undefined,
  artifacts: undefined,
  release: undefined,
};
const image = 'contoso.azurecr.io/team/app@sha256:e46f';

describe('a view and its address', () => {
  test.each<[string, Partial<View>]>([
    ['#', {}],
    ['#state=delayed', { state: 'delayed' }],
    // Not dropped: a list of all states would not be the requested one.
    ['#state=lost', { state: 'lost' }],
    [
      '#registry=contoso&q=team/app&state=replicating&sort=lag',
      { registry: 'contoso', q: 'team/app', state: 'replicating', sort: 'lag' },
    ],
    ['#missing=westeurope', { missing: 'westeurope' }],
    [`#image=${image}`, { screen: 'image', image }],
    [`#image=${image}&artifacts=signature,sbom`, { screen: 'image', image, artifacts: 'signature,sbom' }],
    ['#image=contoso.azurecr.io/team/app:v1', { screen: 'image', image: 'contoso.azurecr.io/team/app:v1' }],
    ['#view=releases', { screen: 'releases' }],
    ['#view=waiting&registry=contoso', { screen: 'waiting', registry: 'contoso' }],
    ['#release=shop-2.4', { screen: 'release', release: 'shop-2.4' }],
    ['#view=replicas&registry=contoso', { screen: 'replicas', registry: 'contoso' }],
    ['#q=a%26b%3D%23%2B%20%25', { q: 'a&b=#+ %' }],
  ])('%s', (hash, view) => {
    expect(parseHash(hash)).toEqual({ ...list, ...view });
    expect(formatHash({ ...list, ...view })).toBe(hash);
  });

  test.each<[string, Partial<View>]>([
    ['', {}],
    ['#view=nowhere&key=secret', {}],
    ['#q=%20%20', {}],
    // Links of versions without a search.
    [`#image=${'a'.repeat(2_000)}`, {}],
    ['#state=%E0%A4%A', { state: '\ufffd%A' }],
    ['#view=replicas&image=a', { screen: 'replicas' }],
    ['#artifacts=signature', {}],
    ['#view=releases&release=shop', { screen: 'releases' }],
    [`#image=${image}&release=shop`, { screen: 'image', image }],
    ['#=&&&', {}],
  ])('%s is read as what can be meant', (hash, view) => {
    expect(parseHash(hash)).toEqual({ ...list, ...view });
  });
});

describe('the registry of an address', () => {
  const registries = ['contoso', 'fabrikam'].map((name) => ({ name, loginServer: `${name}.azurecr.io` }));

  test.each([
    ['', 'contoso'],
    ['#registry=fabrikam', 'fabrikam'],
    ['#registry=Fabrikam', 'fabrikam'],
    ['#registry=fabrikam.azurecr.io', 'fabrikam'],
    ['#registry=nope', undefined],
    ['#view=replicas&registry=nope', undefined],
    ['#registry=nope&image=contoso.azurecr.io/team/app:v1', 'contoso'],
  ])('%j', (hash, name) => {
    expect(findRegistry(registries, parseHash(hash))?.name).toBe(name);
  });
});

describe('what is typed into the field', () => {
  const hex = 'e46f7d74'.repeat(8);
  test.each<[string, string | undefined]>([
    ['team/app:v1', 'contoso.azurecr.io/team/app:v1'],
    [` team/app@sha256:${hex} `, `contoso.azurecr.io/team/app@sha256:${hex}`],
    [`team/app:v1@sha256:${hex}`, `contoso.azurecr.io/team/app:v1@sha256:${hex}`],
    ['fabrikam.azurecr.io/team/app:v1', 'fabrikam.azurecr.io/team/app:v1'],
    ['https://contoso.azurecr.io/team/app:v1', 'contoso.azurecr.io/team/app:v1'],
    ['localhost:5000/app:v1', 'localhost:5000/app:v1'],
    ['app:v1', 'contoso.azurecr.io/app:v1'],
    ['docker pull contoso.azurecr.io/team/app:v1', 'contoso.azurecr.io/team/app:v1'],
    ["  image: 'contoso.azurecr.io/team/app:v1'", 'contoso.azurecr.io/team/app:v1'],
    ['', undefined],
    ['  team/app ', undefined],
    ['contoso.azurecr.io/team/app', undefined],
    ['team/app:', undefined],
    [`sha256:${hex}`, undefined],
    [hex, undefined],
    ['team/app@sha256:e46f', undefined],
  ])('%j names %s', (typed, image) => {
    expect(readReference(typed, 'contoso.azurecr.io')).toBe(image);
  });
});

describe('what is pasted into the search', () => {
  test.each([
    ['team/app', 'team/app'],
    ['docker pull contoso.azurecr.io/team/app:v1', 'contoso.azurecr.io/team/app:v1'],
    ['image: "team/app:v1"', 'team/app:v1'],
    // As this page shows digests and images.
    ['sha256:ef60dc36…', 'sha256:ef60dc36'],
    ['sha256:ef60dc36...', 'sha256:ef60dc36'],
    ['team/app sha256:ef60dc36…', 'team/app@sha256:ef60dc36'],
    // The tracker refuses it, and says why.
    ['team app', 'team app'],
    ['', ''],
  ])('%j searches for %j', (typed, text) => {
    expect(searchText(typed)).toBe(text);
  });

  test.each([
    ['sha256:ef60dc36', true],
    ['ef60dc3', true],
    ['ef60dc', false],
    ['team/app', false],
    [undefined, false],
  ])('%j is a digest: %j', (text, answer) => {
    expect(isDigest(text)).toBe(answer);
  });
});
