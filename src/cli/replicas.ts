/** The `replicas` command: how each region of one registry, or of all, is doing. */
import { readNumber, readText, readTexts } from './document.ts';
import { formatLag } from './duration.ts';
import { askOnce } from './question.ts';
import { registriesToList } from './registries.ts';
import type { Surroundings } from './surroundings.ts';
import { printLine } from './surroundings.ts';
import { textTable } from './text-table.ts';
import type { TrackerClient } from './tracker-client.ts';
import type { Fields } from './tracker-reply.ts';
import { isFields } from './tracker-reply.ts';

export interface ReplicasOptions {
  readonly registry?: string;
  readonly output: 'text' | 'json';
}

export async function replicas(
  options: ReplicasOptions,
  client: TrackerClient,
  surroundings: Surroundings,
): Promise<void> {
  for (const registry of await registriesToList(options.registry, client, surroundings)) {
    const report = await askOnce(client, surroundings, 'api/replicas', { registry });
    printLine(surroundings.stdout, options.output === 'json' ? JSON.stringify(report) : describeReport(report));
  }
}

export function describeReport(report: Fields): string {
  const regions = Array.isArray(report.regions) ? report.regions.filter(isFields) : [];
  const age = report.stale === true ? ', more than an hour old' : '';
  const head = `${readText(report.registry)}: ${regions.length} ${regions.length === 1 ? 'region' : 'regions'}, ${readText(report.source)}${age}`;
  const names = ['region', 'role', 'health', 'webhook', 'last heard', 'lag p50', 'lag p95', 'images', 'missing'];
  const causes = Array.isArray(report.likelyCauses) ? report.likelyCauses.filter(isFields) : [];
  const causeLines = causes.map(
    (cause) =>
      `incident ${readText(cause.trackingId)} (${readTexts(cause.regions)?.join(', ')}): ${readText(cause.title)}`,
  );
  return [head, textTable(names, regions.map(rowOf)), ...causeLines].join('\n');
}

function rowOf(region: Fields): string[] {
  const lag = isFields(region.lag) ? region.lag : {};
  const webhook = isFields(region.webhook) ? region.webhook : {};
  const role = region.observedOnly === true ? 'observed' : region.expected === true ? 'expected' : 'unexpected';
  return [
    readText(region.region) ?? '?',
    region.globalRouting === false ? `${role}, not routed` : role,
    readText(region.health) ?? '',
    [readText(webhook.status) ?? '', readText(webhook.reason)].filter((text) => text !== undefined).join(': '),
    readText(region.lastWebhookAt) ?? 'never',
    lagOf(lag.p50Seconds),
    lagOf(lag.p95Seconds),
    String(readNumber(lag.count) ?? ''),
    String(readNumber(region.missingImages) ?? ''),
  ];
}

function lagOf(value: unknown): string {
  const seconds = readNumber(value);
  return seconds === undefined ? '' : formatLag(seconds);
}
