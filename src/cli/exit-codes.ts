/**
 * How a command can end, and the exit code that says so. One table for every command, so that a script needs to learn
 * it once: what is retried, what is reported and what stops a release is decided by these numbers.
 */
export type Outcome =
  /** The requirement is met. */
  | 'satisfied'
  /** The question was answered; whether the answer pleases is the reader's business. */
  | 'answered'
  | 'unexpected'
  | 'timedOut'
  | 'deleted'
  /** The tag asked for together with a digest has moved on. */
  | 'superseded'
  /** The tracker does not take the key. */
  | 'refused'
  /** The tracker gave no usable answer in the whole time. */
  | 'unreachable'
  | 'badUsage'
  /** Something else than the tracker answers at the address. */
  | 'foreign'
  | 'SIGINT'
  | 'SIGTERM';

export const exitCodes: Record<Outcome, number> = {
  satisfied: 0,
  answered: 0,
  unexpected: 1,
  timedOut: 2,
  deleted: 3,
  superseded: 3,
  refused: 4,
  unreachable: 5,
  badUsage: 64,
  foreign: 64,
  // As a shell names the end by a signal: 128 and the signal's number.
  SIGINT: 130,
  SIGTERM: 143,
};
