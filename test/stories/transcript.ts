/** A story as text for a reader: what was sent when, what was answered, and where that breaks the contract. */
import type { AvailabilityQuery, History } from './history.ts';
import { describeEvent } from './judge-events.ts';
import type { Violation } from './violation.ts';

export function transcriptOf(history: History, violations: readonly Violation[]): string {
  const { startedAt, seed, story, kind, registry, repository } = history;
  const lines: { at: number; text: string }[] = [];
  const add = (at: number, text: string) => Number.isFinite(at) && lines.push({ at, text });
  const seconds = (at: number) => ((at - startedAt) / 1_000).toFixed(2).padStart(7);
  for (const report of history.reports) {
    const { action, region, digest, tag, eventTime, sentAt, answeredAt, status, outcome, warning, id, process } =
      report;
    const what = [action, digest === null ? '' : short(digest), tag === null ? '' : `:${tag}`]
      .filter((one) => one !== '')
      .join(' ');
    const answer =
      status === null
        ? 'no answer'
        : `${status} ${outcome ?? ''}${warning === null ? '' : ' with a warning'} after ${(answeredAt ?? sentAt) - sentAt} ms`;
    add(
      sentAt,
      `webhook  ${region} ${what}  (time ${distance(eventTime - sentAt)}, id ${id}) to ${process}: ${answer}`,
    );
  }
  for (const question of withoutRepeats(history.questions)) {
    const { askedAt, answeredAt, status, process } = question;
    add(
      answeredAt,
      `asked    ${describeQuestion(question)} of ${process} at ${seconds(askedAt).trim()}: ${status ?? 'no answer'} ${describeDocument(question)}`,
    );
  }
  for (const { at, event, accepted, refused } of history.published) {
    const fate = accepted ? 'accepted' : refused ? 'refused for good' : 'not accepted';
    add(at, `event    ${describeEvent(event)} ${event.id.slice(0, 8)}: ${fate}`);
  }
  for (const { at, region, reference, result } of history.served)
    add(at, `replica  ${region} is asked for ${short(reference)}: ${result}`);
  for (const { kind: fault, process, from, until } of history.faults) {
    if (fault === 'slow') continue;
    const whom = process === null ? '' : ` of process ${process}`;
    add(from, `fault    ${fault}${whom} begins`);
    add(until, `fault    ${fault}${whom} is over`);
  }
  for (const { index, members } of history.families)
    add(startedAt, `index    ${short(index)} lists ${members.map(({ digest }) => short(digest)).join(', ')}`);
  for (const { call, images, askedAt, answeredAt, status, process, document, timeoutSeconds } of history.releases) {
    const what = `${call} ${images.map(short).join(', ')}${call === 'wait' ? ` ${timeoutSeconds} s` : ''}`;
    const content = document === null ? '' : `revision ${document.revision}, satisfied ${document.satisfied}`;
    add(
      answeredAt,
      `release  ${what} of ${process} at ${seconds(askedAt).trim()}: ${status ?? 'no answer'} ${content}`,
    );
  }
  for (const { at, event, accepted } of history.releaseEvents) {
    const name = `${event.type} revision ${String(event.data.revision)} ${event.id.slice(0, 8)}`;
    add(at, `event    ${name}: ${accepted ? 'accepted' : 'not accepted'}`);
  }
  for (const { from, possible } of history.expected) {
    add(Math.max(from, startedAt), `expected ${possible.map((set) => set.join(', ')).join(' or ')}`);
  }
  for (const { what, askedAt, status, process } of history.odds)
    add(askedAt, `odd      ${what} to ${process}: ${status ?? 'no answer'}`);
  add(history.quietAt, 'quiet    everything works again');
  for (const { at, rule, what, sentence } of violations) add(at, `BROKEN   ${rule}: ${what}\n          ${sentence}`);
  const head = `story ${story} of seed ${seed}: ${kind}, ${registry}/${repository}`;
  return [head, ...lines.sort((one, other) => one.at - other.at).map(({ at, text }) => `${seconds(at)} ${text}`)].join(
    '\n',
  );
}

/** At the end every process is asked until all answers are right: only the last answers matter. */
function withoutRepeats(questions: readonly AvailabilityQuery[]): AvailabilityQuery[] {
  const last = new Map<string, AvailabilityQuery>();
  for (const question of questions) {
    if (question.atEnd) last.set(`${question.process} ${describeQuestion(question)}`, question);
  }
  const kept = new Set(last.values());
  return questions.filter((question) => !question.atEnd || kept.has(question));
}

function short(reference: string): string {
  return reference.startsWith('sha256:') ? reference.slice(7, 15) : `:${reference}`;
}

function distance(ms: number): string {
  const size = Math.abs(ms);
  const text =
    size > 86_400_000
      ? `${(size / 86_400_000).toFixed(0)} d`
      : size > 60_000
        ? `${(size / 60_000).toFixed(1)} min`
        : `${(size / 1_000).toFixed(1)} s`;
  return `${text} ${ms < 0 ? 'ago' : 'ahead'}`;
}

function describeQuestion({ route, tag, digest, regions, require, timeoutSeconds }: AvailabilityQuery): string {
  const image = `${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest.slice(7, 15)}`}`;
  const where = regions === null ? '' : ` in ${regions.join(',')}`;
  return `${route} ${image}${where}${require === 'all' ? '' : ` require ${require}`}${route === 'wait' ? ` ${timeoutSeconds} s` : ''}`;
}

function describeDocument({ document }: AvailabilityQuery): string {
  if (document === null) return '';
  const { state, satisfied, missing, digest, regions, tag } = document;
  const where = regions.map((one) => `${one.region} ${one.state}${one.expected ? '' : ' (not expected)'}`).join(', ');
  const pointed =
    tag === undefined || tag === null
      ? ''
      : `; tag ${tag.state}: ${tag.regions.map((one) => `${one.region} ${one.digest?.slice(7, 15)}`).join(', ')}`;
  return `${satisfied ? 'satisfied' : 'not satisfied'}, ${state}, digest ${digest?.slice(7, 15) ?? 'none'}, missing [${missing.join(', ')}]; ${where}${pointed}`;
}
