/** What a check asks, read into the questions that any request asks. */
import { expect, test } from 'vitest';
import { resolveCheck } from '../../../src/core/checks/resolve-question.ts';
import { digestOf, registryOf, replicaSetOf } from '../../support/build.ts';

const images = [`contoso.azurecr.io/team/app@${digestOf(1)}`, `contoso.azurecr.io/team/app@${digestOf(2)}`];
const resolve = (text: object) =>
  resolveCheck({ images, regions: undefined, require: undefined, ...text }, [registryOf()], () => replicaSetOf());

test('artifacts and platforms are part of the question about each image', () => {
  const asked = resolve({ artifacts: 'signature', platforms: 'linux/arm64,linux/amd64' });
  const question = { artifacts: ['signature'], platforms: ['linux/amd64', 'linux/arm64'] };
  expect(asked).toMatchObject({ kind: 'asked', asked: [{ question }, { question }] });
});

test('a platform that is none is refused', () => {
  const refused = { kind: 'invalid', problems: [{ field: 'platforms', reason: expect.stringContaining('arm64!') }] };
  expect(resolve({ platforms: 'arm64!' })).toMatchObject(refused);
});
