/** How `/api/events` shows the webhooks and verdicts sent about an image, and their outcome. */
import * as z from 'zod';
import type { Check } from '../../core/checks/check.ts';
import { askedText } from '../../core/checks/check.ts';
import type { FailedAttempts } from '../../core/image/failed-attempts.ts';
import type { ForwardReport } from '../../core/image/forward-entry.ts';
import { instant } from '../http/route.ts';

export const failedAttempts = () =>
  z.object({
    count: z
      .int()
      .min(1)
      .describe(
        'At least so many: each instance counts its own, and stores the number when it next reconciles the image.',
      ),
    lastAt: instant(),
    lastError: z.string().describe('The last answer, for people.'),
  });

export const forwardDocument = () =>
  z.object({
    id: z.string().describe('Of the webhook that is sent.'),
    target: z.string().describe('The name of the target in the settings.'),
    tag: z.string(),
    time: instant().describe('When it became due.'),
    state: z
      .enum(['pending', 'sent', 'retrying', 'accepted', 'givenUp', 'dropped'])
      .describe(
        '`pending`: not handed over yet. `sent`: handed over, and no attempt is known to have failed; that the first one was accepted is not stored. `retrying`: not accepted so far. `accepted`: after attempts that failed. `givenUp`: not accepted within a day. `dropped`: it would not have been true any more.',
      ),
    attempts: z.int().min(0).nullable().describe('`null` where no attempt is known to have failed.'),
    lastAt: instant().nullable().describe('When that was stored.'),
    lastError: z.string().nullable().describe('The last answer that was not an acceptance, for people.'),
  });

export const checkDocument = () =>
  z.object({
    id: z.string(),
    kind: z.enum(['azurePipelines', 'github']),
    images: z.array(z.string()).describe('As in the request of the check.'),
    release: z.string().nullable(),
    acceptedAt: instant(),
    deadlineAt: instant(),
    state: z
      .enum(['waiting', 'sending', 'delivered', 'nobodyWaits', 'givenUp'])
      .describe(
        '`waiting`: no verdict yet. `sending`: there is one, and it is not delivered yet. `nobodyWaits`: the other side has ended. `givenUp`: it was not accepted in time.',
      ),
    verdict: z.object({ result: z.enum(['succeeded', 'failed']), comment: z.string() }).nullable(),
    attempts: z.int().min(0).describe('How often the verdict was sent.'),
    nextTryAt: instant().nullable(),
    lastError: z.string().nullable(),
    finishedAt: instant().nullable(),
  });

export function describeFailures(
  failed: FailedAttempts | undefined,
): z.infer<ReturnType<typeof failedAttempts>> | null {
  return failed === undefined ? null : { ...failed, lastAt: iso(failed.lastAt) };
}

export function describeForward(forward: ForwardReport): z.infer<ReturnType<typeof forwardDocument>> {
  const { id, target, tag, madeAt, queuedAt, sending } = forward;
  return {
    id,
    target,
    tag,
    time: iso(madeAt),
    state: sending?.state ?? (queuedAt === null ? 'pending' : 'sent'),
    attempts: sending?.attempts ?? null,
    lastAt: sending === undefined ? null : iso(sending.at),
    lastError: sending?.lastError ?? null,
  };
}

const outcomes = { delivered: 'delivered', dead: 'nobodyWaits', givenUp: 'givenUp' } as const;

export function describeCheck(check: Check): z.infer<ReturnType<typeof checkDocument>> {
  const { id, kind, verdict, attempts, outcome, acceptedAt, deadlineAt, nextTryAt, finishedAt, lastError } = check;
  const state = outcome !== null ? outcomes[outcome] : verdict === null ? 'waiting' : 'sending';
  return {
    id,
    kind,
    images: [...askedText(check).images],
    release: check.release ?? null,
    acceptedAt: iso(acceptedAt),
    deadlineAt: iso(deadlineAt),
    state,
    verdict,
    attempts,
    nextTryAt: state === 'sending' ? iso(nextTryAt) : null,
    lastError: lastError ?? null,
    finishedAt: finishedAt === null ? null : iso(finishedAt),
  };
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
