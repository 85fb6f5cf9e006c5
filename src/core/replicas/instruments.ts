/** What is measured about replicas. */

import type { MeasuredRegion } from '../model/measured-region.ts';
import type { Instrument } from '../runtime/telemetry.ts';
import { instrumentPrefix } from '../runtime/telemetry.ts';
import type { ProbeAnswer } from './ports.ts';

export const probes: Instrument<{
  readonly registry: string;
  readonly region: MeasuredRegion;
  readonly result: ProbeAnswer['kind'];
}> = {
  kind: 'counter',
  name: `${instrumentPrefix}.probes`,
  unit: '{probe}',
  description: 'Requests to replicas, by result',
};
