/** A setting may refer to a vault; the platform puts the secret in its place, or leaves the reference when it cannot. */
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { sample } from '../support/settings-read.ts';

const enough = { ...sample.Values, EVENT_GRID_TOPIC_ENDPOINT: 'https://topic.example/api/events' };
const reference = '@Microsoft.KeyVault(SecretUri=https://kv-abc.vault.azure.net/secrets/WEBHOOK-SECRETS/0123)';

test.each(['WEBHOOK_SECRETS', 'FORWARD_WEBHOOKS', 'CALLBACK_KEY'])('%s that was not resolved is no secret', (name) => {
  expect(() => readConfig({ ...enough, [name]: reference })).toThrow(`${name}: is a reference to a vault`);
});

test('is reported once', () => {
  let message = '';
  try {
    readConfig({ ...enough, WEBHOOK_SECRETS: reference });
  } catch (error) {
    message = String(error);
  }
  expect(message.match(/is a reference to a vault/g)).toHaveLength(1);
});
