/**
 * The outcomes of a command and their exit codes. One table for all commands, so that scripts can rely on it: the codes
 * decide what is retried, what is reported and what stops a release.
 */
export type Outcome =
  /** The requirement is met. */
  | 'satisfied'
  /** The tracker has answered; the command makes no judgement. */
  | 'answered'
  | 'unexpected'
  | 'timedOut'
  | 'deleted'
  /** The tag that was requested together with a digest points at another digest now. */
  | 'superseded'
  /** The tracker does not accept the key. */
  | 'refused'
  /** The tracker gave no usable answer until the time was up. */
  | 'unreachable'
  | 'badUsage'
  /** The server at the address is not the tracker. */
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
  // As shells report a signal: 128 plus its number.
  SIGINT: 130,
  SIGTERM: 143,
};

/** The meaning of each code after a wait, for `--help` and the documentation. */
export const exitCodeMeanings: readonly (readonly [code: number, meaning: string])[] = [
  [exitCodes.satisfied, 'satisfied: the image, or every image, is where it must be'],
  [exitCodes.unexpected, 'something unexpected'],
  [exitCodes.timedOut, 'timed out'],
  [
    exitCodes.deleted,
    'deleted or superseded, for 30 seconds or until the timeout. Deleted: the image, or one of several, was deleted. Superseded: the question names tag@digest, and the tag points at a newer digest in every region asked for',
  ],
  [exitCodes.refused, 'refused: the tracker does not accept the key'],
  [
    exitCodes.unreachable,
    'unreachable: the tracker could not be reached during the whole wait; after a shorter outage, the command goes on',
  ],
  [exitCodes.badUsage, 'bad usage, a file without images, unknown registry or region, or no tracker at this address'],
  [exitCodes.SIGINT, 'interrupted by Ctrl-C or SIGINT'],
  [exitCodes.SIGTERM, 'interrupted by SIGTERM'],
];
