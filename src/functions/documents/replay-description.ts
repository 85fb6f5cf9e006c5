/** How a replay is shown, by the route that starts it and by the list of events. */
import * as z from 'zod';
import { instant, named } from '../http/route.ts';

export const replayProgress = () => ({
  status: z.enum(['running', 'done']),
  image: z.string().optional().describe('What is told again: everything about this image,'),
  registry: z.string().optional().describe('or everything told about images of this registry,'),
  since: instant().optional().describe('from this time'),
  until: instant().optional().describe('to this, as the topic took it.'),
  requestedAt: instant(),
  imagesExamined: z.int(),
  eventsPublished: z.int(),
  finishedAt: instant().nullable(),
});

export const replayDocument = named('Replay', () => z.object({ id: z.string(), ...replayProgress() }));
