/** The whole list. */
import type { Fault } from './fault.ts';
import { adapterFaults } from './faults/adapters.ts';
import { armFaults } from './faults/arm.ts';
import { catalogueFaults } from './faults/catalogue.ts';
import { checkFaults } from './faults/checks.ts';
import { decidingFaults } from './faults/deciding.ts';
import { dueWorkFaults } from './faults/due-work.ts';
import { familyFaults } from './faults/families.ts';
import { publishingFaults } from './faults/publishing.ts';
import { registryFaults } from './faults/registry.ts';
import { replicaFaults } from './faults/replicas.ts';
import { storageFaults } from './faults/storage.ts';
import { tagFaults } from './faults/tags.ts';

export const allFaults: readonly Fault[] = [
  ...decidingFaults,
  ...tagFaults,
  ...familyFaults,
  ...replicaFaults,
  ...publishingFaults,
  ...checkFaults,
  ...catalogueFaults,
  ...dueWorkFaults,
  ...storageFaults,
  ...adapterFaults,
  ...armFaults,
  ...registryFaults,
];
