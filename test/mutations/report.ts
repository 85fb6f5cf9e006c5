/** The result of a run: a score for each room, and every fault that no test detected. */
import type { Fault } from './fault.ts';
import { roomOf } from './fault.ts';
import type { Finding } from './run-faults.ts';

export interface Summary {
  readonly text: string;
  /** Whether every fault was detected that can be, and none is marked wrongly. */
  readonly isFine: boolean;
}

export function summarize(findings: readonly Finding[]): Summary {
  const ofKind = (kind: Finding['verdict']['kind'], isEquivalent: boolean) =>
    findings.filter((one) => one.verdict.kind === kind && (one.fault.equivalent !== undefined) === isEquivalent);
  const survivors = ofKind('survived', false);
  const equivalent = ofKind('survived', true);
  const mismarked = ofKind('detected', true);
  const unusable = findings.filter(({ verdict }) => verdict.kind === 'unusable');
  const sections = [
    scores(findings),
    list('Not detected', survivors, ({ meaning }) => meaning),
    list('Changes nothing that a test could detect', equivalent, (fault) => `${fault.meaning}: ${fault.equivalent}`),
    list('Marked as changing nothing, and was detected', mismarked, ({ meaning }) => meaning),
    list('Could not be run', unusable, ({ meaning }) => meaning, problemOf),
  ];
  const isFine = survivors.length + mismarked.length + unusable.length === 0;
  return { text: sections.filter((section) => section !== '').join('\n\n'), isFine };
}

function problemOf({ verdict }: Finding): string {
  return verdict.kind === 'unusable' ? ` (${verdict.problem})` : '';
}

function list(
  title: string,
  findings: readonly Finding[],
  say: (fault: Fault) => string,
  add: (finding: Finding) => string = () => '',
): string {
  if (findings.length === 0) return '';
  const lines = findings.map((finding) => `  ${finding.fault.file}: ${say(finding.fault)}${add(finding)}`);
  return [`${title}: ${findings.length}`, ...lines].join('\n');
}

function scores(findings: readonly Finding[]): string {
  const rooms = [...Map.groupBy(findings, ({ fault }) => roomOf(fault))].sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = [...rooms, ['in all', findings] as const].map(([room, some]) => {
    const tried = some.filter(({ fault, verdict }) => fault.equivalent === undefined && verdict.kind !== 'unusable');
    const detected = tried.filter(({ verdict }) => verdict.kind === 'detected').length;
    const share = tried.length === 0 ? '–' : `${((100 * detected) / tried.length).toFixed(1)} %`;
    return `${room.padEnd(30)} ${String(detected).padStart(4)} of ${String(tried.length).padStart(4)}  ${share.padStart(7)}`;
  });
  return ['Faults detected, of those that can be', ...lines].join('\n');
}
