/**
 * The answers at the end: every process is asked about every image and every tag, and again about those that are not right
 * yet, until all are right or the time is over.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { limitConcurrency } from '../../src/local/simulator/limit-concurrency.ts';
import type { Answer, Listing, Violation } from './evidence.ts';
import type { Member } from './fleet.ts';
import { askDocument, askListing } from './questions.ts';

export interface FinalAnswers {
  /** The latest of each process about each subject. */
  answers(): readonly Answer[];
  listings(): readonly Listing[];
  /** Resolves to how long this lasted, seconds. */
  settle(subjects: readonly string[], judge: () => readonly Violation[], seconds: number): Promise<number>;
}

const pauseMs = 1_000;
const maxConcurrent = 8;

export function createFinalAnswers(members: readonly Member[], signal: AbortSignal): FinalAnswers {
  const answers = new Map<string, Answer>();
  const listings = new Map<string, Listing>();
  const limit = limitConcurrency(maxConcurrent);

  async function collect(subjects: readonly string[]): Promise<void> {
    const questions = subjects.flatMap((subject) => members.map((member) => ({ subject, member })));
    await Promise.all(
      questions.map(({ subject, member }) =>
        limit(async () => {
          if (signal.aborted) return;
          const name = `${member.name} ${subject}`;
          const answer = await askDocument(member, subject);
          if (answer !== undefined) answers.set(name, answer);
          if (!subject.includes('@')) return;
          const listing = await askListing(member, subject);
          if (listing !== undefined) listings.set(name, listing);
        }),
      ),
    );
  }

  return {
    answers: () => [...answers.values()],
    listings: () => [...listings.values()],
    async settle(subjects, judge, seconds) {
      const startedAt = Date.now();
      const isOver = () => signal.aborted || Date.now() > startedAt + seconds * 1_000;
      await collect(subjects);
      for (let open = judge(); open.length > 0 && !isOver(); open = judge()) {
        await pause(pauseMs);
        await collect([...new Set(open.map(({ subject }) => subject))]);
      }
      const unanswered = subjects.filter((subject) => members.some(({ name }) => !answers.has(`${name} ${subject}`)));
      if (unanswered.length > 0 && !isOver()) await collect(unanswered);
      return (Date.now() - startedAt) / 1_000;
    },
  };
}
