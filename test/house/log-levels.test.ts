/**
 * What of the log reaches Application Insights, by the rules of .NET's logging that the host follows: of all filters whose
 * category is a beginning of the line's, the longest decides. The host has filters of its own, which `default` replaces
 * (azure-functions-host, `ScriptLoggingBuilderExtensions.cs`): without a line for them, the Azure libraries of the host
 * itself write some 220 lines a minute on an idle instance, none of them sampled.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const levels = ['Trace', 'Debug', 'Information', 'Warning', 'Error', 'Critical', 'None'];
const { logging } = JSON.parse(readFileSync(new URL('../../host.json', import.meta.url), 'utf8'));
const filters = Object.entries(logging.logLevel as Record<string, string>);

/** @returns the lowest level that is kept */
function kept(category: string): string | undefined {
  const fitting = filters.filter(([prefix]) => prefix === 'default' || category.startsWith(prefix));
  const lengthOf = ([prefix]: readonly [string, string]) => (prefix === 'default' ? 0 : prefix.length);
  return fitting.toSorted((a, b) => lengthOf(b) - lengthOf(a))[0]?.[1];
}

test('names levels that there are', () => {
  for (const [category, level] of filters) expect([category, levels.includes(level)]).toEqual([category, true]);
});

test.each(['Azure.Core', 'Azure.Core.1', 'Azure.Identity', 'Azure.Storage.Queues', 'Azure.Storage.Blobs'])(
  'nothing but errors of %s',
  (category) => expect(kept(category)).toBe('Error'),
);

/** The app's own lines, the host's about functions, and the one about poison queues: alerts read them. */
test.each([
  'Function.webhook.User',
  'Function.deliveries',
  'Host.Results',
  'Host.Startup',
  'Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcFunctionInvocationDispatcher',
  'Microsoft.Azure.WebJobs.Extensions.Storage.Common.Listeners.QueueListener',
  'Host.Triggers.Queues',
])('everything from Information on of %s', (category) => expect(kept(category)).toBe('Information'));

test('no line of the log is sampled away', () => {
  expect(logging.applicationInsights.samplingSettings.excludedTypes.split(';')).toContain('Trace');
});
