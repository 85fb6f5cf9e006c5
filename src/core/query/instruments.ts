/** Metrics of questions. */
import type { Instrument } from '../runtime/telemetry.ts';
import { instrumentPrefix } from '../runtime/telemetry.ts';

export const waiters: Instrument<{ readonly registry: string }> = {
  kind: 'level',
  name: `${instrumentPrefix}.waiters`,
  unit: '{waiter}',
  description: 'Requests that wait for an image now',
};
