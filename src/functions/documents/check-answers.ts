/** Answers that both check endpoints share. */
import type { HttpResponseInit } from '@azure/functions';
import * as z from 'zod';
import { problemResponse } from '../http/problem.ts';
import { named } from '../http/route.ts';

export const checkAccepted = named('CheckAccepted', () =>
  z.object({
    check: z.string().describe('Its id, which is also in the log of the app.'),
    outcome: z.literal('accepted'),
  }),
);

export function checksAreOff(): HttpResponseInit {
  return problemResponse(503, 'Checks are off: the setting CALLBACK_KEY, which protects their tokens, is not set.');
}
