import { describe, expect, test } from 'vitest';
import { fillImageTemplate, parseImageTemplate } from '../../src/core/checks/image-template.ts';

const deployed = {
  owner: 'Contoso',
  repository: 'My.App',
  commit: 'd6fde92930d4715a2b49857d24b940956b26d2d3',
  ref: 'refs/heads/feature/ünique#1',
  environment: 'West Europe / prod',
};

test.each([
  ['r.azurecr.io/{owner}/{repo}:{sha}', `r.azurecr.io/contoso/my.app:${deployed.commit}`],
  ['r.azurecr.io/app:{ref}', 'r.azurecr.io/app:feature-nique-1'],
  ['r.azurecr.io/app:{environment}-{sha}', `r.azurecr.io/app:West-Europe-prod-${deployed.commit}`],
  ['r.azurecr.io/app:v1', 'r.azurecr.io/app:v1'],
  ['r.azurecr.io/{repo}/{repo}:{sha}', `r.azurecr.io/my.app/my.app:${deployed.commit}`],
])('%s', (template, image) => {
  expect(parseImageTemplate(template)).toEqual({ ok: true, value: template });
  expect(fillImageTemplate(template, deployed)).toBe(image);
});

test('what a name brings along is not filled in again', () => {
  expect(fillImageTemplate('r.azurecr.io/{repo}', { ...deployed, repository: '{sha}' })).toBe('r.azurecr.io/{sha}');
});

describe('is none', () => {
  test.each([
    '',
    '{image}',
    'r.azurecr.io/{repo',
    'r.azurecr.io/{REPO}',
    'r.azurecr.io/{}',
    'https://r.azurecr.io/{repo}',
  ])('%s', (template) => {
    expect(parseImageTemplate(template)).toMatchObject({ ok: false, problems: [{ field: 'GITHUB_IMAGE_TEMPLATE' }] });
  });
});
