/**
 * Settings are named where they are read and in the table of docs/settings.md, required ones also in the sample file. A name that
 * stands in one of these places only is a setting nobody can find, or one that does nothing.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { settingNames } from '../../src/settings/names.ts';
import { byIdentity, namesRead, platform, sample } from '../support/settings-read.ts';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/settings.md', root), 'utf8');

/** The settings of the public contract that the product reads today, with their defaults; `required` has none. */
const documented: [string, string][] = [
  ['REGISTRIES', 'required'],
  ['WEBHOOK_SECRETS', 'required'],
  ['AzureWebJobsStorage', 'required'],
  ['EVENT_GRID_TOPIC_ENDPOINT', 'required'],
  ['EVENT_GRID_TOPIC_KEY', '–'],
  ['PUBLIC_URL', 'platform host name'],
  ['ARM_ENDPOINT', '–'],
  ['FORWARD_WEBHOOKS', '–'],
  ['CALLBACK_ORIGINS', 'https://dev.azure.com,https://*.visualstudio.com,https://api.github.com'],
  ['CALLBACK_KEY', '–'],
  ['GITHUB_WEBHOOK_SECRET', '–'],
  ['GITHUB_APP_ID', '–'],
  ['GITHUB_APP_PRIVATE_KEY', '–'],
  ['GITHUB_IMAGE_TEMPLATE', '–'],
  ['DELAYED_AFTER_SECONDS', '900'],
  ['PROBE_AFTER_SECONDS', '60'],
  ['RETENTION_DAYS', '90'],
  ['WEBHOOK_MANAGEMENT', 'audit'],
];

const topic = { EVENT_GRID_TOPIC_ENDPOINT: 'https://topic.example/api/events' };

/** Rows of Markdown tables whose first cell begins with that name: the text of each cell. */
function rowOf(name: string): string[] | undefined {
  const row = page.split('\n').find((line) => new RegExp(`^\\|\\s*\`${name}\``).test(line));
  return row
    ?.split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

describe('the settings that are read', () => {
  test('are those of the contract, and no others', () => {
    const names = namesRead().filter((name) => !byIdentity.test(name) && !platform.includes(name));
    expect(names.sort()).toEqual(documented.map(([name]) => name).sort());
  });

  test('are those that a mistyped name is compared with', () => {
    const names = namesRead().filter((name) => !platform.includes(name));
    expect([...settingNames].sort()).toEqual(names.sort());
  });

  test('have the defaults of the contract', () => {
    const { Values } = sample;
    const { REGISTRIES, WEBHOOK_SECRETS, AzureWebJobsStorage } = Values;
    const {
      delayedAfterSeconds,
      probeAfterSeconds,
      retentionDays,
      webhookManagement,
      topic: read,
    } = readConfig({
      REGISTRIES,
      WEBHOOK_SECRETS,
      AzureWebJobsStorage,
      ...topic,
    });
    const defaults = {
      DELAYED_AFTER_SECONDS: delayedAfterSeconds,
      PROBE_AFTER_SECONDS: probeAfterSeconds,
      RETENTION_DAYS: retentionDays,
      WEBHOOK_MANAGEMENT: webhookManagement,
    };
    const wanted = Object.fromEntries(documented);
    for (const [name, value] of Object.entries(defaults)) expect([name, String(value)]).toEqual([name, wanted[name]]);
    expect(read.key).toBeUndefined();
  });
});

describe('the sample file', () => {
  test('holds only settings that are read', () => {
    const names = Object.keys(sample.Values).filter((name) => !platform.includes(name));
    for (const name of names) expect(namesRead()).toContain(name);
  });

  test('holds every setting that must be set, but for the topic, which has a stand-in', () => {
    const required = documented.filter(([, value]) => value === 'required').map(([name]) => name);
    const absent = required.filter((name) => !(name in sample.Values));
    expect(absent).toEqual(['EVENT_GRID_TOPIC_ENDPOINT']);
  });

  test('shows the defaults where it shows what has one', () => {
    for (const [name, value] of documented.filter(([, value]) => value !== 'required' && value !== '–')) {
      expect([name, sample.Values[name] ?? value]).toEqual([name, value]);
    }
  });
});

describe('the table of settings', () => {
  test.each(documented)('has %s with %s', (name, value) => {
    const row = rowOf(name);
    expect(row, `a row that begins with \`${name}\``).toBeDefined();
    if (value !== '–') expect(row?.at(-1)).toContain(value);
  });

  test('has no setting that nobody reads', () => {
    const names = [...page.matchAll(/^\|\s*`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|AzureWebJobsStorage\w*)`/gm)];
    const read = namesRead();
    const others = names.flatMap(([, name]) => (name === undefined || read.includes(name) ? [] : [name]));
    expect(others).toEqual([]);
  });
});
