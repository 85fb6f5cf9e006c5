/** The answer to a wait, for one image, for several or for a release. */
import type { HttpResponseInit } from '@azure/functions';
import type { WaitOutcome } from '../../core/query/ask.ts';
import { json } from './http.ts';

const statusByOutcome: Record<WaitOutcome, number> = {
  satisfied: 200,
  waiting: 202,
  superseded: 409,
  deleted: 410,
};

export function waitResponse(outcome: WaitOutcome, document: object): HttpResponseInit {
  return json(statusByOutcome[outcome], document, outcome === 'waiting' ? { 'retry-after': '1' } : {});
}
