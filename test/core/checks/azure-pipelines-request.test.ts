import { describe, expect, test } from 'vitest';
import { parseAzurePipelinesCallback } from '../../../src/core/checks/azure-pipelines-request.ts';
import { defaultCallbackOrigins, parseCallbackOrigins } from '../../../src/core/checks/callback-origins.ts';

const origins = parseCallbackOrigins(defaultCallbackOrigins);
const guid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const good: Record<string, string> = {
  PlanUrl: 'https://dev.azure.com/contoso/',
  ProjectId: guid(1),
  HubName: 'checks',
  PlanId: guid(2),
  JobId: guid(3),
  TimelineId: guid(4),
  TaskInstanceId: guid(5),
  AuthToken: 'eyJ0eXAi.eyJuYW1l.c2lnbmF0dXJl-_',
};

function parse(headers: Record<string, string>) {
  if (!origins.ok) throw new Error('the default origins are none');
  return parseAzurePipelinesCallback((name) => headers[name] ?? null, origins.value);
}

test('the headers as Azure Pipelines sends them', () => {
  expect(parse(good)).toEqual({
    ok: true,
    value: {
      planUrl: 'https://dev.azure.com/contoso',
      projectId: guid(1),
      hubName: 'checks',
      planId: guid(2),
      jobId: guid(3),
      timelineId: guid(4),
      taskInstanceId: guid(5),
      authToken: good.AuthToken,
    },
  });
});

describe('the address keeps its path', () => {
  test.each([
    ['https://dev.azure.com/contoso/', 'https://dev.azure.com/contoso'],
    ['https://dev.azure.com/contoso', 'https://dev.azure.com/contoso'],
    ['https://contoso.visualstudio.com/', 'https://contoso.visualstudio.com'],
    ['https://contoso.visualstudio.com', 'https://contoso.visualstudio.com'],
    ['https://dev.azure.com/con%20toso/', 'https://dev.azure.com/con%20toso'],
    ['https://DEV.azure.com/a/../contoso/', 'https://dev.azure.com/contoso'],
  ])('%s', (PlanUrl, planUrl) => {
    expect(parse({ ...good, PlanUrl })).toMatchObject({ ok: true, value: { planUrl } });
  });
});

describe('a header that is not there is named', () => {
  test.each(Object.keys(good))('%s', (name) => {
    const { [name]: _gone, ...others } = good;
    for (const headers of [others, { ...good, [name]: '' }, { ...good, [name]: '  ' }]) {
      expect(parse(headers)).toEqual({
        ok: false,
        problems: [{ field: name, reason: expect.stringContaining('is required') }],
      });
    }
    expect(parse({ ...good, [name]: '$(system.Something)' })).toMatchObject({ ok: false, problems: [{ field: name }] });
  });

  test('all of them at once', () => {
    const read = parse({});
    const problems = read.ok ? [] : read.problems;
    expect(problems.map(({ field }) => field).sort()).toEqual(Object.keys(good).sort());
  });
});

describe('a value that could lead the token elsewhere is refused', () => {
  const ids = ['ProjectId', 'PlanId', 'JobId', 'TimelineId', 'TaskInstanceId'];
  const evil = ['..', '../x', 'a/b', 'a\\b', 'a?b', 'a#b', 'a%2fb', 'a b', 'a@b', 'ä', 'x'.repeat(65)];
  test.each(ids.flatMap((name) => evil.map((value) => [name, value])))('%s: %s', (name = '', value = '') => {
    expect(parse({ ...good, [name]: value })).toMatchObject({ ok: false, problems: [{ field: name }] });
  });

  test.each<[string, string]>([
    ['HubName', '../../x'],
    ['HubName', 'a.b'],
    ['HubName', 'checks/plans'],
    ['AuthToken', 'two words'],
    ['AuthToken', 'line\nbreak'],
    ['AuthToken', 'ünicode'],
    ['AuthToken', 'x'.repeat(16_385)],
    ['PlanUrl', 'https://dev.azure.com.evil.example/contoso/'],
    ['PlanUrl', 'https://evil.example/'],
    ['PlanUrl', 'http://dev.azure.com/contoso/'],
    ['PlanUrl', 'https://dev.azure.com/contoso/?x='],
    ['PlanUrl', 'https://dev.azure.com/contoso%2f..%2fother/'],
    ['PlanUrl', 'https://dev.azure.com//contoso/'],
    ['PlanUrl', 'https://dev.azure.com/con;toso/'],
    ['PlanUrl', 'contoso'],
  ])('%s: %s', (name, value) => {
    const refused = parse({ ...good, [name]: value });
    expect(refused).toMatchObject({ ok: false, problems: [{ field: name }] });
    expect(JSON.stringify(refused)).not.toContain(value);
  });
});
