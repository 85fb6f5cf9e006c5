/**
 * What azd makes of `infra/main.parameters.json`: it writes each parameter as JSON, replaces `${NAME}` in that text by what its
 * environment has, and reads the text as JSON again (Azure/azure-dev, `bicep_provider.go`, `loadParameters`). A quote in a value
 * ends the text it stands in, and every later `azd provision` fails: so values in the documentation have none.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { sample } from '../support/settings-read.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** @returns what the template is given; what is empty and was not set is left out */
function loadParameters(environment: Readonly<Record<string, string>>): Record<string, unknown> {
  const { parameters } = JSON.parse(read('infra/main.parameters.json')) as { readonly parameters: object };
  const loaded: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    let isUnset = false;
    const text = JSON.stringify(parameter).replaceAll(/\$\{(\w+)\}/g, (_, variable: string) => {
      isUnset ||= environment[variable] === undefined;
      return environment[variable] ?? '';
    });
    const { value } = JSON.parse(text) as { readonly value: unknown };
    if (value !== '' || !isUnset) loaded[name] = value;
  }
  return loaded;
}

const needed = { AZURE_ENV_NAME: 'production', AZURE_LOCATION: 'westeurope', WEBHOOK_SECRETS: 'a-secret-of-the-tests' };
const forwards = JSON.stringify([{ name: 'flux', url: 'https://flux.example/hook/x', secret: 'not to be shown' }]);
const inBase64 = Buffer.from(forwards).toString('base64');

test('with what must be set, nothing else is given', () => {
  expect(loadParameters(needed)).toEqual({
    environmentName: 'production',
    location: 'westeurope',
    registries: [],
    webhookSecrets: 'a-secret-of-the-tests',
  });
});

test('FORWARD_WEBHOOKS in base64 comes to the app as it was meant', () => {
  const { forwardWebhooks } = loadParameters({ ...needed, FORWARD_WEBHOOKS: inBase64 });
  const config = readConfig({
    ...sample.Values,
    EVENT_GRID_TOPIC_ENDPOINT: 'https://topic.example/api/events',
    FORWARD_WEBHOOKS: String(forwardWebhooks),
  });
  expect(config.forwards).toMatchObject(JSON.parse(forwards));
});

test('as plain JSON it would break every provisioning', () => {
  expect(() => loadParameters({ ...needed, FORWARD_WEBHOOKS: forwards })).toThrow(SyntaxError);
});

/** What the pages have people set, made as they say. */
test.each([
  ['WEBHOOK_SECRETS', '0f'.repeat(32)],
  ['WEBHOOK_SECRETS', `${'0f'.repeat(32)},${'1e'.repeat(32)}`],
  ['WEBHOOK_SECRETS', 'akvs://11111111-1111-1111-1111-111111111111/contoso-secrets/webhook-secrets'],
  ['CALLBACK_KEY', Buffer.alloc(32, 0xfb).toString('base64')],
  ['GITHUB_APP_PRIVATE_KEY', Buffer.from('-----BEGIN RSA PRIVATE KEY-----\n').toString('base64')],
  ['ALERT_EMAIL', 'on-call@contoso.example'],
])('%s passes unchanged', (name, value) => {
  expect(Object.values(loadParameters({ ...needed, [name]: value }))).toContain(value);
});

test('every variable that is read is on the page', () => {
  const page = read('docs/deploy.md');
  for (const [, name = ''] of read('infra/main.parameters.json').matchAll(/\$\{(\w+)\}/g)) {
    expect([name, page.includes(name)]).toEqual([name, true]);
  }
});
