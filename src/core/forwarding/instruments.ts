/** What forwarding measures. */
import type { Instrument } from '../runtime/telemetry.ts';
import { instrumentPrefix } from '../runtime/telemetry.ts';

/** `taken`: the target accepted it. `again`: it will be tried again. */
export type ForwardOutcome = 'delivered' | 'again' | 'dropped' | 'deadLettered';

export const forwards: Instrument<{
  readonly registry: string;
  readonly target: string;
  readonly outcome: ForwardOutcome;
}> = {
  kind: 'counter',
  name: `${instrumentPrefix}.forwards`,
  unit: '{forward}',
  description: 'Attempts to forward a webhook, by outcome',
};
