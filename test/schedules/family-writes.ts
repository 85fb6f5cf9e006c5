/**
 * Which instance is writing a member's report into the record of an index and into its own, and whether it is killed
 * between the two writes.
 */
import type { ImageChange } from '../../src/core/ports.ts';
import type { Counters } from './counters.ts';
import type { Family } from './families.ts';
import type { Effect } from './network.ts';

export interface FamilyWrites {
  /** An instance received a report. @returns to be called once it is answered */
  begin(label: string, image: number): () => void;
  saw(effect: Effect): void;
  instanceKilled(label: string): void;
}

export function familyWrites(family: Family, counters: Counters): FamilyWrites {
  const open = new Set<{ readonly label: string; readonly image: number; stage: 'none' | 'index' | 'own' }>();

  return {
    begin(label, image) {
      const report = { label, image, stage: 'none' as const };
      if (family.indexes(image).length > 0) open.add(report);
      return () => open.delete(report);
    },
    saw({ caller, port, method, args, answer }) {
      if (port !== 'store' || method !== 'commit' || answer === 'conflict') return;
      const written = family.digests.indexOf((args[0] as ImageChange).record.name.digest);
      for (const report of open) {
        if (report.label !== caller.label) continue;
        if (written === report.image) report.stage = 'own';
        else if (report.stage === 'none' && family.indexes(report.image).includes(written)) report.stage = 'index';
      }
    },
    instanceKilled(label) {
      for (const report of open) {
        if (report.label !== label) continue;
        if (report.stage === 'index') counters.count('families', 'killed between the two writes of a report');
        open.delete(report);
      }
    },
  };
}
