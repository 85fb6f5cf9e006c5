/** The results of a run: its figures as a table, and every violation with everything that is known about its image. */
import type { Evidence, Violation } from './evidence.ts';
import { clock } from './evidence.ts';

export type Figures = Readonly<Record<string, string | number>>;

export function formatText(figures: Figures): string {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  return Object.entries(figures)
    .map(([name, value]) => `${name.padEnd(width)}  ${value}`)
    .join('\n');
}

export function formatMarkdown(figures: Figures): string {
  return [
    '| figure | value |',
    '| --- | --: |',
    ...Object.entries(figures).map(([name, value]) => `| ${name} | ${value} |`),
  ].join('\n');
}

/** For so many subjects everything that is known is printed; for the rest only the violations. */
const maxDetailed = 5;

export function formatViolations(violations: readonly Violation[], evidence: Evidence): string {
  const bySubject = [...Map.groupBy(violations, ({ subject }) => subject)];
  return bySubject
    .map(([subject, ones], i) => {
      const lines = ones.slice(0, 10).map(({ rule, what }) => `  ${rule}: ${what}`);
      const more = ones.length > 10 ? [`  and ${ones.length - 10} more`] : [];
      return [
        `VIOLATION ${subject}`,
        ...lines,
        ...more,
        ...(i < maxDetailed ? describeSubject(subject, evidence, ones) : []),
      ].join('\n');
    })
    .join('\n');
}

/** Everything known about one image or tag, and about the tags that its violations name, in the order of time. */
export function describeSubject(subject: string, evidence: Evidence, violations: readonly Violation[] = []): string[] {
  const { truth, tagMoves, attempts, published, samples, answers, listings } = evidence;
  const named = new Set([subject, ...violations.flatMap(({ what }) => what.split(' '))]);
  const tagged = tagMoves.filter(({ tagKey }) => named.has(tagKey));
  const tagKeys = new Set(tagged.map(({ tagKey }) => tagKey));
  const [repository = ''] = subject.split(/[:@]/);
  const imageKeys = subject.includes('@') ? [subject] : [];
  // The images that got a tag later explain why it moved.
  const keys = [...new Set([...imageKeys, ...tagged.map(({ digest }) => `${repository}@${digest}`)])];
  const isAbout = ({ key }: { key: string }) => keys.includes(key);
  const short = (key: string) => (key.includes('@') ? key.slice(0, key.indexOf('@') + 16) : key);
  const lines = [
    ...keys.flatMap((key) =>
      truth
        .regions()
        .flatMap((region) =>
          truth
            .periodsIn(region, key)
            .flatMap(({ from, until }) => [
              { at: from, text: `truth: ${short(key)} in ${region}` },
              ...(until === null ? [] : [{ at: until, text: `truth: ${short(key)} deleted from ${region}` }]),
            ]),
        ),
    ),
    ...tagMoves
      .filter(({ tagKey, digest }) => tagKeys.has(tagKey) || keys.includes(`${tagKey.split(':')[0]}@${digest}`))
      .map(({ at, region, tagKey, digest }) => ({
        at,
        text: `truth: ${tagKey} is ${digest.slice(0, 15)} in ${region}`,
      })),
    ...attempts.filter(isAbout).map((one) => ({
      at: one.sentAt,
      text: `webhook: ${one.action} ${one.tag ?? ''} ${short(one.key)} from ${one.region} of ${clock(one.eventTime)} to ${one.process}: ${one.status} ${one.outcome} at ${clock(one.endedAt)}`,
    })),
    ...published.filter(isAbout).map((one) => ({
      at: one.at,
      text: `event: ${one.type} ${one.subject.slice(0, 40)} ${one.region ?? ''} generation ${one.generation} ${one.id.slice(0, 8)}, known at ${clock(one.time)}`,
    })),
    ...[...samples.slice(-5_000), ...answers]
      .filter((one) => tagKeys.has(one.subject) || keys.includes(one.subject))
      .map(({ askedAt, answeredAt, process, subject: answered, document }) => ({
        at: answeredAt,
        text: `answer: ${process}, asked about ${short(answered)} at ${clock(askedAt)}: ${document.digest?.slice(0, 15) ?? ''} ${document.state} ${document.regions.map((one) => `${one.region} ${one.state} ${one.evidence.join('+')}`).join(', ')}`,
      })),
  ];
  const noted = listings.filter(isAbout).map(({ process, key, events }) => {
    const all = events.map(({ type, subject: of, region, generation, isPublished }) =>
      [
        type.split('.').at(-1),
        of.includes('@') ? (region ?? '') : of,
        generation,
        isPublished ? '' : 'not published',
      ].join(' '),
    );
    return `    listed by ${process} for ${short(key)}: ${all.join(', ')}`;
  });
  const inOrder = lines.sort((one, other) => one.at - other.at);
  return [...inOrder.map(({ at, text }) => `    ${clock(at)} ${text}`), ...noted];
}
