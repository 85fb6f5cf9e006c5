/** Judges what became of a webhook event. */
import type { History, Report } from './history.ts';
import type { Complain } from './judging.ts';
import { at, isDisturbed } from './judging.ts';
import type { Model } from './model.ts';
import { factsOf, isBefore } from './model.ts';

export function judgeReport(history: History, model: Model, report: Report, complain: Complain): void {
  const { status, answeredAt, sentAt, outcome } = report;
  const disturbed = isDisturbed(history, report.process, sentAt, answeredAt ?? sentAt + 5_000);
  if (status === null || answeredAt === null) {
    if (!disturbed) complain('webhook not answered', 'webhook', 'no answer');
    return;
  }
  // A process that has lost the storage must keep its time all the same; one that was killed, or has no time, cannot.
  const isExcused = history.faults.some(
    ({ kind, process, from, until }) =>
      ((kind === 'killed' && process === report.process) || kind === 'slow') && from <= answeredAt && until >= sentAt,
  );
  // One second more than promised, and the registry would give up.
  if (answeredAt - sentAt > 5_000 && !isExcused) {
    complain('webhook answered late', 'webhook', `answered after ${answeredAt - sentAt} ms`);
  }
  if (status === 503 && !disturbed) complain('webhook refused', 'webhook', '503 while the storage could be written');
  if (![200, 202, 503].includes(status)) complain('webhook refused', 'webhook', `${status} to a good webhook event`);
  if (status === 202 && outcome !== 'deferred') complain('wrong outcome', 'webhook', `202 with ${outcome}`);
  if (status !== 200) return;
  const sets = model.expectedSets(at(sentAt, answeredAt));
  if (sets.every((set) => set.includes(report.region)) && report.warning !== null) {
    complain('false warning', 'warning', `warned of an expected region: ${report.warning}`);
  }
  if (sets.every((set) => !set.includes(report.region))) {
    const names = sets[0]?.every((region) => report.warning?.includes(region));
    if (report.warning === null || !names) complain('no warning', 'warning', `warning is ${report.warning}`);
  }
  const should = outcomesOf(history, report, answeredAt);
  if (!should.includes(outcome ?? ''))
    complain('wrong outcome', 'webhook', `${outcome}, expected ${should.join(' or ')}`);
}

function outcomesOf(history: History, report: Report, answeredAt: number): string[] {
  const isSame = (other: Report) => other.id === report.id && other.region === report.region;
  const around = history.reports.filter(
    (other) =>
      other !== report &&
      other.region === report.region &&
      other.sentAt <= answeredAt &&
      (other.digest === report.digest ||
        other.action === 'repositoryDelete' ||
        report.action === 'repositoryDelete' ||
        (other.tag !== null && other.tag === report.tag)),
  );
  // A probe may have shown earlier what the webhook reports now.
  if (around.length === 0) return history.canProbe ? ['recorded', 'duplicate', 'outdated'] : ['recorded'];
  // Without a digest it is answered `recorded`; whether also when it is repeated, or older, the contract is silent.
  if (report.digest === null) return ['recorded', 'duplicate', 'outdated'];
  const copies = around.filter(isSame);
  const others = around.filter((other) => !isSame(other));
  const accepted = copies.some(
    (copy) => copy.status === 200 && (copy.answeredAt ?? Number.POSITIVE_INFINITY) <= report.sentAt,
  );
  const [own] = factsOf([report]);
  const facts = factsOf(others);
  if (own === undefined) return [];
  const newer = facts.filter((fact) => !isBefore(fact, own));
  if (own.isClamped || facts.some(({ isClamped }) => isClamped)) return ['recorded', 'duplicate', 'outdated'];
  if (accepted) return newer.length === 0 && !history.canProbe ? ['duplicate'] : ['duplicate', 'outdated'];
  const isPast = facts.some(
    (fact) =>
      fact.ackedAt <= report.sentAt &&
      isBefore(own, fact) &&
      (report.action === 'delete'
        ? fact.action === 'push' && fact.digest === report.digest
        : report.action === 'push' && fact.action === 'delete' && fact.digest === report.digest),
  );
  // Another delivery of the same event, with other ids, may be a duplicate.
  if (isPast) return ['outdated', 'duplicate'];
  if (newer.length > 0 || history.canProbe) return ['recorded', 'duplicate', 'outdated'];
  return report.action === 'push' &&
    !facts.some(({ action, digest }) => action === 'push' && digest === report.digest) &&
    copies.length === 0
    ? ['recorded']
    : ['recorded', 'duplicate'];
}
