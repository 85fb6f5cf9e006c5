/** The processes answer the registry in time, do not crash, and log neither their own errors nor secrets. */
import type { Attempt, Evidence, Violation } from '../evidence.ts';
import { clock } from '../evidence.ts';

/** The registry's timeout is five seconds; half a second is for the network. */
export const answerWithinMs = 4_500;

/** How long after a fault requests that began during it may still fail. */
const afterFaultMs = 15_000;

const expectedStatuses = [200, 202, 503];

export function findProcessFaults(evidence: Evidence): Violation[] {
  const { attempts, log, crashes, secrets, storageFaults } = evidence;
  const late = attempts.flatMap((attempt) => {
    const fault = findFault(attempt);
    if (fault === undefined) return [];
    const what = `${fault} (to ${attempt.action} of ${attempt.key} from ${attempt.region}, sent at ${clock(attempt.sentAt)})`;
    return [{ rule: 'answer', subject: attempt.process, what }];
  });
  const crashed = crashes.map(({ process, at, text }) => ({
    rule: 'crash',
    subject: process,
    what: `ended by itself at ${clock(at)}; its last lines:\n${text}`,
  }));
  const logged = log.flatMap(({ process, at, text }) => {
    const secret = secrets.find((one) => text.includes(one));
    // Without storage a message cannot be processed: the host logs that and processes it again.
    const isExcused = storageFaults.some(({ from, until }) => from <= at && at <= (until ?? at) + afterFaultMs);
    const isError = isBug(text) || (isFailure(text) && !isExcused);
    const rule = secret === undefined ? (isError ? 'error in the log' : undefined) : 'secret in the log';
    const shown = secrets.reduce((line, one) => line.replaceAll(one, '…'), text);
    return rule === undefined ? [] : [{ rule, subject: process, what: `${clock(at)} ${shown.slice(0, 500)}` }];
  });
  return [...late, ...crashed, ...logged];
}

function findFault({ isDisturbed, status, sentAt, endedAt, ownLagMs }: Attempt): string | undefined {
  if (isDisturbed) return undefined;
  const lasted = endedAt - sentAt - ownLagMs;
  if (lasted > answerWithinMs) return `answered after ${(lasted / 1_000).toFixed(1)} s`;
  if (status === 0) return 'gave no answer';
  return expectedStatuses.includes(status) ? undefined : `answered ${status}`;
}

function isFailure(line: string): boolean {
  return /^(error|critical) /.test(line);
}

/** No fault outside the app causes these. */
function isBug(line: string): boolean {
  return /\b(unhandled|uncaught)|\b(Type|Reference|Range|Syntax)Error\b/i.test(line);
}
