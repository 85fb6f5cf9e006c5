import { expect, test } from 'vitest';
import { parseSearch } from '../../../src/core/catalogue/search.ts';
import { registryOf } from '../../support/build.ts';

const none = { any: undefined, repository: undefined, tag: undefined, digest: undefined };
const tagged = { ...none, repository: 'team/app', tag: 'v1' };

test.each([
  ['contoso.azurecr.io/team/app:v1', tagged],
  ['https://contoso.azurecr.io/team/app:v1', tagged],
  ['docker pull contoso.azurecr.io/team/app:v1', tagged],
  [' docker pull --platform linux/arm64 team/app:v1 ', tagged],
  ['crane  digest\tteam/app:v1', tagged],
  ['sha256:ef60dc36…', { ...none, digest: 'ef60dc36' }],
  ['sha256:ef60dc36...', { ...none, digest: 'ef60dc36' }],
  ['team/app@sha256:ef60…', { ...none, repository: 'team/app', digest: 'ef60' }],
  ['docker', { ...none, any: 'docker' }],
  ['docker/app', { ...none, any: 'docker/app' }],
])('a search for %j', (text, search) => {
  expect(parseSearch(text, registryOf())).toEqual(search);
});

test.each(['', '  ', 'team app', 'team/app:v1 && ls', '…'])('nothing can be named by %j', (text) => {
  expect(parseSearch(text, registryOf())).toBeUndefined();
});
