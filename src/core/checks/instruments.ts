/** What is measured of deployment checks. */
import type { Instrument } from '../runtime/telemetry.ts';
import { instrumentPrefix } from '../runtime/telemetry.ts';
import type { CheckKind, CheckOutcome, Verdict } from './check.ts';

export const verdicts: Instrument<{
  readonly kind: CheckKind;
  readonly result: Verdict['result'];
  /** `again`: it was not accepted, and will be sent again. */
  readonly outcome: CheckOutcome | 'again';
}> = {
  kind: 'counter',
  name: `${instrumentPrefix}.verdicts`,
  unit: '{verdict}',
  description: 'Attempts to deliver the verdict of a check, by verdict and outcome',
};
