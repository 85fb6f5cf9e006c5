/** The `replicas` command: the state of each region of one registry, or of all. */

import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import { readNumber, readText, readTexts } from './document.ts';
import { formatAge, formatLag } from './duration.ts';
import { askOnce } from './question.ts';
import { registriesToList } from './registries.ts';
import { stateColor } from './state-color.ts';
import { painter } from './terminal.ts';
import type { Column } from './text-table.ts';
import { textTable, widthOf } from './text-table.ts';
import type { TrackerClient } from './tracker-client.ts';
import type { Fields } from './tracker-reply.ts';
import { isFields } from './tracker-reply.ts';

export interface ReplicasOptions {
  readonly registry?: string;
  readonly output: 'text' | 'wide' | 'json';
}

export async function replicas(options: ReplicasOptions, client: TrackerClient, cliContext: CliContext): Promise<void> {
  for (const registry of await registriesToList(options.registry, client, cliContext)) {
    const report = await askOnce(client, cliContext, 'api/replicas', { registry });
    const { stdout, environment, clock } = cliContext;
    const width = options.output === 'wide' ? undefined : widthOf(stdout);
    const now = options.output === 'wide' ? undefined : clock.now();
    const text = () => describeReport(report, { width, paint: painter(stdout, environment) }, now);
    printLine(stdout, options.output === 'json' ? JSON.stringify(report) : text());
  }
}

const columns: readonly (Column | string)[] = [
  'region',
  { name: 'role', droppedAt: 4 },
  { name: 'health', color: stateColor },
  { name: 'webhook', minWidth: 8, color: stateColor },
  { name: 'last webhook', droppedAt: 5 },
  { name: 'lag p50', droppedAt: 2 },
  { name: 'lag p95', droppedAt: 1 },
  { name: 'images', droppedAt: 3 },
  { name: 'missing', color: (cell) => (cell === '0' ? undefined : 'red') },
];

/** @param now to show ages instead of times */
function describeReport(report: Fields, style: Parameters<typeof textTable>[2] = {}, now?: number): string {
  const regions = Array.isArray(report.regions) ? report.regions.filter(isFields) : [];
  const age = report.stale === true ? ', more than an hour old' : '';
  const head = `${readText(report.registry)}: ${regions.length} ${regions.length === 1 ? 'region' : 'regions'}, ${readText(report.source)}${age}`;
  const causes = Array.isArray(report.likelyCauses) ? report.likelyCauses.filter(isFields) : [];
  const causeLines = causes.map(
    (cause) =>
      `incident ${readText(cause.trackingId)} (${readTexts(cause.regions)?.join(', ')}): ${readText(cause.title)}`,
  );
  const warning = readText(report.warning);
  const warningLines = warning === undefined ? [] : [`warning: ${warning}`];
  const lines = [...regions.flatMap(statusLine), ...warningLines, ...causeLines];
  return [
    head,
    textTable(
      columns,
      regions.map((region) => rowOf(region, now)),
      style,
    ),
    ...lines,
  ].join('\n');
}

function rowOf(region: Fields, now: number | undefined): string[] {
  const lag = isFields(region.lag) ? region.lag : {};
  const webhook = isFields(region.webhook) ? region.webhook : {};
  const role = region.observedOnly === true ? 'observed' : region.expected === true ? 'expected' : 'unexpected';
  return [
    readText(region.region) ?? '?',
    region.globalRouting === false ? `${role}, not routed` : role,
    readText(region.health) ?? '',
    [readText(webhook.status) ?? '', readText(webhook.reason)].filter((text) => text !== undefined).join(': '),
    lastOf(readText(region.lastWebhookAt), now),
    lagOf(lag.p50Seconds),
    lagOf(lag.p95Seconds),
    String(readNumber(lag.count) ?? ''),
    String(readNumber(region.missingImages) ?? ''),
  ];
}

function lastOf(at: string | undefined, now: number | undefined): string {
  if (at === undefined) return 'never';
  return now === undefined ? at : `${formatAge(now - Date.parse(at))} ago`;
}

/** For an unhealthy replica, ARM's status message. */
function statusLine(region: Fields): string[] {
  const { displayStatus, message, timestamp } = isFields(region.status) ? region.status : {};
  const words = [displayStatus, message].flatMap((text) => readText(text) ?? []).join(': ');
  if (region.health === 'healthy' || words === '') return [];
  const at = readText(timestamp);
  return [`replica ${readText(region.region) ?? '?'}: ${words}${at === undefined ? '' : ` (${at})`}`];
}

function lagOf(value: unknown): string {
  const seconds = readNumber(value);
  return seconds === undefined ? '' : formatLag(seconds);
}
