/** What the app has acknowledged, by image: every attempt that it answered with 2xx. */
import { isAcknowledged } from '../delivery.ts';
import type { Attempt, Evidence } from '../evidence.ts';

export interface Acknowledgements {
  of(key: string): readonly Attempt[];
  /** Pushes of this image under this tag. */
  tagged(key: string, tag: string): readonly Attempt[];
  /** Whether the last delete in any region that never got the image again has been acknowledged. */
  lastDelete(key: string): boolean;
}

export function readAcknowledgements({ attempts, truth }: Pick<Evidence, 'attempts' | 'truth'>): Acknowledgements {
  const byKey = Map.groupBy(attempts.filter(isAcknowledged), ({ key }) => key);
  const of = (key: string) => byKey.get(key) ?? [];
  return {
    of,
    tagged: (key, tag) => of(key).filter((attempt) => attempt.tag === tag),
    lastDelete: (key) =>
      of(key).some(({ action, region, eventTime }) => {
        const last = truth.periodsIn(region, key).at(-1);
        return action === 'delete' && last !== undefined && last.until !== null && eventTime >= last.from;
      }),
  };
}

/** The newest of them by the timestamps of their events. */
export function newestOf(attempts: readonly Attempt[]): Attempt | undefined {
  return attempts.reduce<Attempt | undefined>(
    (newest, one) => (newest === undefined || one.eventTime > newest.eventTime ? one : newest),
    undefined,
  );
}
