/** Where settings come from, and what `host.json` may say. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseTimeSpan } from '../../src/local/host/duration.ts';
import { parseHostSettings } from '../../src/local/host/host-json.ts';
import { readAddress, readSettings } from '../../src/local/settings.ts';
import { makeFolder } from './make-folder.ts';

async function readFiles(files: Record<string, unknown>, environment = {}) {
  const folder = await makeFolder();
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return readSettings(folder, environment);
}

test('one’s own settings file replaces the sample, and the environment wins over it', async () => {
  const files = {
    'local.settings.json': { Values: { A: 'own', B: 'own' } },
    'local.settings.sample.json': { Values: { A: 'sample', C: 'sample' } },
  };
  expect(await readFiles(files, { B: 'environment' })).toEqual({ A: 'own', B: 'environment' });
});

test('without any file there is the environment', async () => {
  expect(await readFiles({}, { A: '1' })).toEqual({ A: '1' });
});

test.each([
  ['no JSON', 'oops', /local\.settings\.json: must hold a JSON object/],
  ['an encrypted file', { IsEncrypted: true, Values: {} }, /is encrypted/],
  ['values that are none', { Values: [] }, /"Values" must be an object/],
  ['a value that is no text', { Values: { REGISTRIES: [{ name: 'x' }] } }, /REGISTRIES must be a text; write JSON/],
])('%s is refused', async (_, content, message) => {
  await expect(readFiles({ 'local.settings.json': content })).rejects.toThrow(message);
});

test.each([
  [{}, { port: 7071, host: '127.0.0.1' }],
  [
    { PORT: '', HOST: '' },
    { port: 7071, host: '127.0.0.1' },
  ],
  [
    { PORT: '0', HOST: '::1' },
    { port: 0, host: '::1' },
  ],
])('%o is the address %o', (settings, address) => {
  expect(readAddress(settings)).toEqual(address);
});

test.each(['65536', '-1', '80 ', '1e3'])('PORT %s is refused', (PORT) => {
  expect(() => readAddress({ PORT })).toThrow(/PORT: must be a number from 0 to 65535/);
});

test.each([
  ['00:00:02', 2_000],
  ['01:02:03', 3_723_000],
  ['1.00:00:00', 86_400_000],
  ['00:00:00.0500000', 50],
  ['00:05', 300_000],
  ['24:00:00', undefined],
  ['00:60:00', undefined],
  ['5', undefined],
])('the time span %s is %s ms', (text, milliseconds) => {
  expect(parseTimeSpan(text)).toBe(milliseconds);
});

test('host.json that says nothing means what the host documents', () => {
  const { routePrefix, functionTimeoutMs, queues } = parseHostSettings({ version: '2.0' });
  expect({ routePrefix, functionTimeoutMs }).toEqual({ routePrefix: 'api', functionTimeoutMs: 1_800_000 });
  expect(queues).toMatchObject({
    batchSize: 16,
    maxPollingIntervalMs: 60_000,
    visibilityTimeoutMs: 0,
    maxDequeueCount: 5,
    messageEncoding: 'base64',
  });
});

test('an unbounded function time is no limit', () => {
  expect(parseHostSettings({ version: '2.0', functionTimeout: '-1' }).functionTimeoutMs).toBeUndefined();
});

test.each([
  [{}, /version must be "2\.0"/],
  [{ functionTimeout: 'soon' }, /functionTimeout must be a time span.* \(got "soon"\)/],
  [{ extensions: { http: { routePrefix: 1 } } }, /routePrefix must be a text/],
  [{ extensions: { queues: { batchSize: 0 } } }, /batchSize/],
  [{ extensions: { queues: { maxPollingInterval: 2 } } }, /maxPollingInterval/],
  [{ extensions: { queues: { messageEncoding: 'utf8' } } }, /messageEncoding must be "base64" or "none"/],
])('host.json with %o is refused', (content, message) => {
  expect(() =>
    parseHostSettings(
      'extensions' in content || 'functionTimeout' in content ? { version: '2.0', ...content } : content,
    ),
  ).toThrow(message);
});
