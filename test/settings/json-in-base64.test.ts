/** Settings of JSON may be base64, since some tools put them into a file of JSON without escaping their quotes. */
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { sample } from '../support/settings-read.ts';

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
const enough = { ...sample.Values, EVENT_GRID_TOPIC_ENDPOINT: 'https://topic.example/api/events' };
const registries = [{ name: 'contoso', regions: ['eastus', 'westeurope'], observedOnly: ['westeurope'] }];
const forwards = [{ name: 'flux', url: 'https://flux.example/hook/ä?x=1', headers: { authorization: 'Bearer "x"' } }];

test('says the same as the JSON itself', () => {
  const plain = { REGISTRIES: JSON.stringify(registries), FORWARD_WEBHOOKS: JSON.stringify(forwards) };
  const encoded = { REGISTRIES: base64(registries), FORWARD_WEBHOOKS: base64(forwards) };
  expect(readConfig({ ...enough, ...encoded })).toEqual(readConfig({ ...enough, ...plain }));
});

test('may be broken into lines, as `base64` breaks it', () => {
  const lines = base64(forwards).replaceAll(/.{20}/g, '$&\n');
  expect(readConfig({ ...enough, FORWARD_WEBHOOKS: lines }).forwards).toHaveLength(1);
});

test.each([
  ['base64 of something else', Buffer.from('no JSON').toString('base64')],
  ['half of it', base64(forwards).slice(0, 31)],
  ['neither', '{[broken'],
  ['base64 of what is no list', base64('text')],
])('is refused when it is %s, and shows nothing of it', (_, text) => {
  const read = () => readConfig({ ...enough, FORWARD_WEBHOOKS: text });
  expect(read).toThrow(/FORWARD_WEBHOOKS: must be a JSON array/);
  expect(read).not.toThrow(text);
});
