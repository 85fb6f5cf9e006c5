/**
 * Formats the result of a run: the outcomes of the deliveries, and the verdict on every image, the worst first. After a
 * failed run a reader first needs to know which image failed, in which region, and whether the tracker had received the
 * event.
 */
import type { Comparison } from './compare.ts';
import type { Attempt } from './webhook-sender.ts';

const MAX_ROWS = 60;

/** One line per way a delivery ended, like `200 recorded: 112 (14 of them repeats)`. */
export function countOutcomes(attempts: readonly Attempt[]): string[] {
  const counts = new Map<string, { all: number; repeats: number }>();
  for (const { outcome, statusCode, answer, isRepeat } of attempts) {
    const name = outcome === 'lost' ? 'lost on the way' : `${statusCode} ${answer || outcome}`;
    const count = counts.get(name) ?? { all: 0, repeats: 0 };
    counts.set(name, { all: count.all + 1, repeats: count.repeats + (isRepeat ? 1 : 0) });
  }
  const lines = [...counts].sort(([one], [other]) => one.localeCompare(other));
  return [
    `${attempts.length} deliveries`,
    ...lines.map(
      ([name, { all, repeats }]) => `  ${name}: ${all}${repeats > 0 ? ` (${repeats} of them repeats)` : ''}`,
    ),
  ];
}

/** The worst first; of the correct ones, only as many as fit. */
export function formatComparisons(comparisons: readonly Comparison[]): string[] {
  const words = { agrees: 'agrees', lost: 'lost, not yet known', behind: 'received, but not known', false: 'FALSE' };
  const rows = [...comparisons].sort((one, other) => rank(one) - rank(other));
  const lines = rows.slice(0, MAX_ROWS).map(({ subject, tags, really, claimed, outcome, reasons }) => {
    const name = shorten(subject);
    const tagged = subject.includes('@') && tags.length > 0 ? `${name} ${tags.join(' ')}` : name;
    const counts = `really in ${really.length}, said ${claimed.length}`;
    return `  ${tagged.padEnd(44)} ${counts.padEnd(22)} ${words[outcome]}${reasons.map((each) => `; ${shorten(each)}`).join('')}`;
  });
  if (rows.length > MAX_ROWS) lines.push(`  … and ${rows.length - MAX_ROWS} more`);
  const total = (outcome: Comparison['outcome']) => rows.filter((row) => row.outcome === outcome).length;
  return [
    `${rows.length} digests and tags compared: ${total('agrees')} agree, ${total('lost')} lost on the way, ` +
      `${total('behind')} delivered but not known, ${total('false')} FALSE`,
    ...lines,
  ];
}

function shorten(text: string): string {
  return text.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/g, '$1');
}

function rank({ outcome }: Comparison): number {
  return ['false', 'behind', 'lost', 'agrees'].indexOf(outcome);
}
