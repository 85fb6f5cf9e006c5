import { describe, expect, test } from 'vitest';
import type { View } from '../../src/ui/hash-state.ts';
import { findRegistry, formatHash, parseHash, readSearch } from '../../src/ui/hash-state.ts';

const list: View = {
  screen: 'images',
  registry: undefined,
  repository: undefined,
  state: undefined,
  missing: undefined,
  image: undefined,
};
const image = 'contoso.azurecr.io/team/app@sha256:e46f';

describe('a view and its address', () => {
  test.each<[string, Partial<View>]>([
    ['#', {}],
    ['#state=delayed', { state: 'delayed' }],
    // Not dropped: a list of all states would be another answer than the one that was asked for.
    ['#state=lost', { state: 'lost' }],
    [
      '#registry=contoso&repository=team/app&state=replicating',
      { registry: 'contoso', repository: 'team/app', state: 'replicating' },
    ],
    ['#missing=westeurope', { missing: 'westeurope' }],
    [`#image=${image}`, { screen: 'image', image }],
    ['#image=contoso.azurecr.io/team/app:v1', { screen: 'image', image: 'contoso.azurecr.io/team/app:v1' }],
    ['#view=replicas&registry=contoso', { screen: 'replicas', registry: 'contoso' }],
    ['#repository=a%26b%3D%23%2B%20%25', { repository: 'a&b=#+ %' }],
  ])('%s', (hash, view) => {
    expect(parseHash(hash)).toEqual({ ...list, ...view });
    expect(formatHash({ ...list, ...view })).toBe(hash);
  });

  test.each<[string, Partial<View>]>([
    ['', {}],
    ['#view=nowhere&key=secret', {}],
    ['#repository=%20%20', {}],
    [`#image=${'a'.repeat(2_000)}`, {}],
    ['#state=%E0%A4%A', { state: '\ufffd%A' }],
    ['#view=replicas&image=a', { screen: 'replicas' }],
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
  test.each<[string, ReturnType<typeof readSearch>]>([
    ['', { repository: undefined }],
    ['  team/app ', { repository: 'team/app' }],
    ['contoso.azurecr.io/team/app', { repository: 'team/app' }],
    ['team/app:v1', { image: 'contoso.azurecr.io/team/app:v1' }],
    ['team/app@sha256:e46f', { image: 'contoso.azurecr.io/team/app@sha256:e46f' }],
    ['fabrikam.azurecr.io/team/app:v1', { image: 'fabrikam.azurecr.io/team/app:v1' }],
    ['https://contoso.azurecr.io/team/app:v1', { image: 'contoso.azurecr.io/team/app:v1' }],
    ['localhost:5000/app:v1', { image: 'localhost:5000/app:v1' }],
    ['app:v1', { image: 'contoso.azurecr.io/app:v1' }],
    ['sha256:v1', { image: 'contoso.azurecr.io/sha256:v1' }],
    ['team/', { repository: 'team' }],
    ['contoso.azurecr.io/team/', { repository: 'team' }],
    ['contoso.azurecr.io/', { repository: undefined }],
  ])('%j', (typed, meant) => {
    expect(readSearch(typed, 'contoso.azurecr.io')).toEqual(meant);
  });

  const hex = 'e46f7d74'.repeat(8);
  test.each([
    `sha256:${hex}`,
    ` SHA256:${hex} `,
    hex,
    `@sha256:${hex}`,
    `contoso.azurecr.io/sha256:${hex}`,
    'sha256:e46f7d74…',
  ])('%j is a digest without its repository', (typed) => {
    expect(readSearch(typed, 'contoso.azurecr.io')).toEqual({
      problem: expect.stringContaining('needs its repository'),
    });
  });
});
