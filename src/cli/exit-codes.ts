/**
 * How a command can end, and the exit code that says so. One table for every command, so that a script needs to learn
 * it once: what is retried, what is reported and what stops a release is decided by these numbers.
 */
export type Outcome =
  /** The requirement is met. */
  | 'satisfied'
  /** The question was answered; what to make of the answer is for the reader to say. */
  | 'answered'
  | 'unexpected'
  | 'timedOut'
  | 'deleted'
  /** The tag asked for together with a digest has moved on. */
  | 'superseded'
  /** The tracker does not accept the key. */
  | 'refused'
  /** The tracker gave no usable answer in the whole time. */
  | 'unreachable'
  | 'badUsage'
  /** What answers at the address is not the tracker. */
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

/** What each code means after a wait: `--help` and the pages show this table. */
export const exitCodeMeanings: readonly (readonly [code: number, meaning: string])[] = [
  [exitCodes.satisfied, 'satisfied: the image, or every image, is where it must be'],
  [exitCodes.unexpected, 'something unexpected'],
  [exitCodes.timedOut, 'timed out'],
  [
    exitCodes.deleted,
    'deleted or superseded: the image or one of them was deleted, or the question names tag@digest and the tag points at a newer digest in every region asked for; this has been so for 30 seconds or until the timeout',
  ],
  [exitCodes.refused, 'refused: the tracker does not accept the key'],
  [
    exitCodes.unreachable,
    'unreachable: the tracker could not be reached in the whole time; shorter outages are waited out',
  ],
  [exitCodes.badUsage, 'bad usage, a file without images, unknown registry or region, or no tracker at this address'],
  [exitCodes.SIGINT, 'interrupted by Ctrl-C or SIGINT'],
  [exitCodes.SIGTERM, 'interrupted by SIGTERM'],
];
