/** What is the same of every event in an answer, of an image or of a release. */
import * as z from 'zod';
import { instant } from '../http/route.ts';

/** Its CloudEvents attributes. */
export const eventAttributes = () => ({
  id: z.string().describe('The same for the same fact, however often it is published.'),
  source: z.string(),
  type: z.string(),
  subject: z.string(),
  time: instant().describe('When the fact became known.'),
});

/** Whether the topic has it, and its data. */
export const eventDelivery = () => ({
  status: z.enum(['pending', 'published']),
  publishedAt: instant().nullable().describe('When the topic accepted it.'),
  data: z
    .record(z.string(), z.unknown())
    .describe('The data that the event would have if it was sent now; what the topic accepted described that time.'),
});

/** @param acceptedAt when the topic accepted the event, milliseconds since 1970; `null` while it has not */
export function describeDelivery(acceptedAt: number | null) {
  return acceptedAt === null
    ? ({ status: 'pending', publishedAt: null } as const)
    : ({ status: 'published', publishedAt: new Date(acceptedAt).toISOString() } as const);
}
