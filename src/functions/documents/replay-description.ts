/** How a replay is shown, by the route that starts it and by the list of events. */
import * as z from 'zod';
import { instant, named } from '../http/route.ts';

export const replayProgress = () => ({
  status: z.enum(['running', 'done']),
  image: z.string().optional().describe('What is published again: all events of this image,'),
  registry: z.string().optional().describe('or all events about images of this registry,'),
  since: instant().optional().describe('from this time'),
  until: instant().optional().describe('to this time, when the topic accepted them.'),
  requestedAt: instant(),
  imagesExamined: z.int(),
  eventsPublished: z.int(),
  finishedAt: instant().nullable(),
});

export const replayDocument = named('Replay', () => z.object({ id: z.string(), ...replayProgress() }));
