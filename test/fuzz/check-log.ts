/** What the app logs during the requests: nothing secret, nothing forged, and no unexpected error. */
import type { Secrets } from './test-secrets.ts';

/** How a line of the app or of the host begins; others go on with what the line before began. */
const beginning = /^(trace|debug|information|info|warning|warn|error|critical|event) /;
/** The words with which the functions and the host log unexpected errors. */
const fault = /^(error|critical) |failed unexpectedly/;
const stack = /^\s+at .+:\d+:\d+/;
/** Sent in many requests, after the end of a line. */
const forged = /^forged-log-line/;

export interface LogWatch {
  read(line: string): void;
  /** Each kind once, with its number. */
  readonly found: ReadonlyMap<string, number>;
  readonly lines: number;
}

/** @param isExpected for errors that a request may cause */
export function watchLog(secrets: Secrets, isExpected: (line: string) => boolean = () => false): LogWatch {
  const found = new Map<string, number>();
  let lines = 0;
  let isInFault = false;
  const note = (what: string) => found.set(what, (found.get(what) ?? 0) + 1);
  return {
    read(line) {
      lines++;
      const leak = secrets.leakIn(line);
      if (leak !== undefined) note(`the log holds ${leak}: ${secrets.redact(line).slice(0, 200)}`);
      if (forged.test(line)) note('a request has written a line of the log');
      if (beginning.test(line)) isInFault = fault.test(line);
      if (isInFault && fault.test(line) && !isExpected(line)) {
        const timeless = secrets.redact(line).replaceAll(/\d+ ms/g, 'some ms');
        note(`the log reports a fault: ${timeless.slice(0, 300)}`);
      }
      if (!isInFault && stack.test(line)) note(`the log holds a stack: ${line.slice(0, 200)}`);
    },
    found,
    get lines() {
      return lines;
    },
  };
}
