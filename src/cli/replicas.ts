/** The `replicas` command: the state of each region of one registry, or of all. */

import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import { listOf, readNumber, readText, readTexts } from './document.ts';
import { formatAge, formatLag } from './duration.ts';
import { askOnce } from './question.ts';
import { registriesToList } from './registries.ts';
import { stateColor } from './state-color.ts';
import { painter } from './terminal.ts';
import type { Column, TableStyle } from './text-table.ts';
import { textTable, widthOf, wrapLine } from './text-table.ts';
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

const silentMark = ', silent';

const columns: readonly (Column | string)[] = [
  'region',
  { name: 'role', droppedAt: 3 },
  { name: 'health', color: stateColor },
  { name: 'webhook', color: stateColor },
  { name: 'last webhook', droppedAt: 1, color: (cell) => (cell.endsWith(silentMark) ? 'red' : undefined) },
  { name: 'lag p50', droppedAt: 4, isRight: true },
  { name: 'lag p95', droppedAt: 2, isRight: true },
  { name: 'images', droppedAt: 5, isRight: true },
  { name: 'missing', isRight: true, color: (cell) => (cell === '0' ? undefined : 'red') },
];

/** Where the set of regions comes from. */
const sources: Record<string, string> = {
  arm: 'listed by Azure Resource Manager',
  settings: 'listed in the settings',
  remembered: 'as last listed by Azure Resource Manager',
};

/** @param now to show ages instead of times */
function describeReport(report: Fields, style: TableStyle = {}, now?: number): string {
  const regions = listOf(report.regions).sort(worstFirst);
  const age = report.stale === true ? ', more than an hour old' : '';
  const source = readText(report.source) ?? '';
  const count = `${regions.length} ${regions.length === 1 ? 'region' : 'regions'}`;
  const head = `${readText(report.registry)}: ${count}, ${sources[source] ?? source}${age}`;
  const causeLines = listOf(report.likelyCauses).map(
    (cause) =>
      `incident ${readText(cause.trackingId)} (${readTexts(cause.regions)?.join(', ')}): ${readText(cause.title)}`,
  );
  const warning = readText(report.warning);
  const warningLines = warning === undefined ? [] : [`warning: ${warning}`];
  const lines = [
    ...regions.flatMap((region) => silenceLine(region, now)),
    ...webhookLines(regions),
    ...regions.flatMap(statusLine),
    ...warningLines,
    ...causeLines,
  ];
  const rows = regions.map((region) => rowOf(region, now));
  return [
    wrapLine(head, style.width),
    textTable(columns, rows, style),
    ...lines.map((line) => wrapLine(line, style.width)),
  ].join('\n');
}

/** What the region has not reported since its last webhook, while others have. */
function silenceLine({ region, silent, lastWebhookAt, unreportedImages }: Fields, now: number | undefined): string[] {
  const name = readText(region) ?? '?';
  // An older tracker does not count them.
  const count = readNumber(unreportedImages) ?? 0;
  const images = count === 0 ? 'images' : `${count} ${count === 1 ? 'image' : 'images'}`;
  if (silent !== true) return count === 0 ? [] : [`${name}: ${images} not reported`];
  const at = readText(lastWebhookAt);
  if (at === undefined) return [`silent: ${name}, no webhook yet; other regions have reported ${images}`];
  return [`silent: ${name}, last webhook ${lastOf(at, now)}; other regions have reported ${images} since`];
}

/** Expected regions first; of these the ones with a failure, then those that lack most images, then the slowest. */
function worstFirst(a: Fields, b: Fields): number {
  const p95 = ({ lag }: Fields) => (isFields(lag) ? (readNumber(lag.p95Seconds) ?? -1) : -1);
  return (
    Number(b.expected === true) - Number(a.expected === true) ||
    Number(hasFailure(b)) - Number(hasFailure(a)) ||
    (readNumber(b.missingImages) ?? 0) - (readNumber(a.missingImages) ?? 0) ||
    p95(b) - p95(a)
  );
}

function hasFailure({ health, webhook, silent }: Fields): boolean {
  const status = isFields(webhook) ? readText(webhook.status) : undefined;
  return silent === true || health === 'unhealthy' || (status !== undefined && !['ok', 'unknown'].includes(status));
}

/** Why webhooks do not work; of those about which nothing is known, how many there are. */
function webhookLines(regions: readonly Fields[]): string[] {
  const found = regions.flatMap(({ region, webhook }) => {
    const { status, reason } = isFields(webhook) ? webhook : {};
    const [name = '?', state = '', why] = [readText(region), readText(status), readText(reason)];
    return why === undefined ? [] : [{ name, state, text: `${state}: ${why}` }];
  });
  return [...Map.groupBy(found, ({ text }) => text)].map(([text, alike]) => {
    const isMany = alike.length > 1 && alike.every(({ state }) => state === 'unknown');
    return `webhook ${isMany ? `of ${alike.length} regions` : alike.map(({ name }) => name).join(', ')} ${text}`;
  });
}

function rowOf(region: Fields, now: number | undefined): string[] {
  const lag = isFields(region.lag) ? region.lag : {};
  const webhook = isFields(region.webhook) ? region.webhook : {};
  const role = region.observedOnly === true ? 'observed' : region.expected === true ? 'expected' : 'unexpected';
  return [
    readText(region.region) ?? '?',
    region.globalRouting === false ? `${role}, not routed` : role,
    readText(region.health) ?? '',
    readText(webhook.status) ?? '',
    `${lastOf(readText(region.lastWebhookAt), now)}${region.silent === true ? silentMark : ''}`,
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
