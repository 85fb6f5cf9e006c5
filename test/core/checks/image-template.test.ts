import { describe, expect, test } from 'vitest';
import { fillImageTemplate, parseImageTemplate } from '../../../src/core/checks/image-template.ts';

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
  // https://github.com/docker/metadata-action: `type=sha` makes this tag, `{{branch}}-{{sha}}` the next.
  ['r.azurecr.io/{owner}/{repo}:sha-{sha:7}', 'r.azurecr.io/contoso/my.app:sha-d6fde92'],
  ['r.azurecr.io/app:{ref}-{sha:8}', 'r.azurecr.io/app:feature-nique-1-d6fde929'],
  ['r.azurecr.io/app:{sha:1}{sha:40}', `r.azurecr.io/app:d${deployed.commit}`],
  ['r.azurecr.io/{repo}/{repo}:{sha}', `r.azurecr.io/my.app/my.app:${deployed.commit}`],
  [' r.azurecr.io/a:{sha:7}\tr.azurecr.io/b:{sha:7}\n', 'r.azurecr.io/a:d6fde92', 'r.azurecr.io/b:d6fde92'],
  ['r.azurecr.io/a:{sha:7}, r.azurecr.io/b', 'r.azurecr.io/a:d6fde92', 'r.azurecr.io/b'],
  ['r.azurecr.io/{repo} r.azurecr.io/my.app', 'r.azurecr.io/my.app'],
])('%s', (template, ...images) => {
  expect(parseImageTemplate(template)).toEqual({ ok: true, value: template });
  expect(fillImageTemplate(template, deployed)).toEqual({ ok: true, value: images });
});

test('what was not given is named', () => {
  const template = 'r.azurecr.io/{repo}:{ref}-{sha:7}';
  const names = { ...deployed, commit: undefined, ref: undefined };
  expect(fillImageTemplate(template, names)).toEqual({
    ok: false,
    problems: [{ field: 'GITHUB_IMAGE_TEMPLATE', reason: 'names {ref} and {sha:7}, which GitHub did not send' }],
  });
  expect(fillImageTemplate('r.azurecr.io/{repo}', names)).toEqual({ ok: true, value: ['r.azurecr.io/my.app'] });
});

test('placeholders in a value are not filled in', () => {
  const filled = fillImageTemplate('r.azurecr.io/{repo}', { ...deployed, repository: '{sha}' });
  expect(filled).toEqual({ ok: true, value: ['r.azurecr.io/{sha}'] });
  const spaced = fillImageTemplate('r.azurecr.io/app:{sha}', { ...deployed, commit: 'a r.azurecr.io/b' });
  expect(spaced).toEqual({ ok: true, value: ['r.azurecr.io/app:a r.azurecr.io/b'] });
});

describe('is none', () => {
  test.each([
    '',
    '{image}',
    'r.azurecr.io/{repo',
    'r.azurecr.io/{REPO}',
    'r.azurecr.io/{}',
    'r.azurecr.io/app:{sha:0}',
    'r.azurecr.io/app:{sha:07}',
    'r.azurecr.io/app:{sha:41}',
    'r.azurecr.io/app:{sha:}',
    'r.azurecr.io/app:{sha:x}',
    'r.azurecr.io/app:{ref:7}',
    'r.azurecr.io/app:{{sha}}',
    'https://r.azurecr.io/{repo}',
    'r.azurecr.io/{repo} {repo}',
    'r.azurecr.io/{repo},,r.azurecr.io/app',
    Array.from({ length: 101 }, (_, i) => `r.azurecr.io/app${i}`).join(' '),
  ])('%s', (template) => {
    expect(parseImageTemplate(template)).toMatchObject({ ok: false, problems: [{ field: 'GITHUB_IMAGE_TEMPLATE' }] });
  });
});
