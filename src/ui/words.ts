/** The tracker's states, events and types as words for readers. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { ShownEvidence } from '../core/image/region-availability.ts';
import type { CellKind } from './cell-kind.ts';
import { visible } from './format.ts';

export type ShownState = AvailabilityDocument['state'] | 'delayed';

/** The groups that images are counted in: their state, and two conditions that need attention. */
export type CountedBy = ShownState | 'diverged' | 'unpublished';

/** For an image that is still missing somewhere, `delayed` matters most. */
export function shownState({ state, delayed }: Pick<AvailabilityDocument, 'state' | 'delayed'>): ShownState {
  return delayed && state === 'replicating' ? 'delayed' : state;
}

/** The state of an image in a region, for screen readers and in the tip of a cell. */
export const cellWords: Record<CellKind, string> = {
  available: 'available',
  incomplete: 'incomplete',
  unverified: 'unverified',
  waiting: 'missing',
  delayed: 'missing, delayed',
  missing: 'missing',
  absent: 'missing, not waited for',
  deleted: 'deleted',
  none: 'no replica',
};

export const evidenceWords: Record<ShownEvidence, readonly [name: string, meaning: string]> = {
  webhook: ['webhook', 'The webhook of this region reported it.'],
  eventGrid: ['Event Grid', 'An event of the registry that named this region.'],
  probe: ['asked', 'The replica was asked, and answered for the manifest.'],
  deepProbe: ['asked for all of it', 'The replica was asked for every child, config and layer as well.'],
  deliveryLog: ['delivery log', 'The webhook event was lost, and found in the log of deliveries of the registry.'],
  membersUnknown: ['index alone', 'What the index lists could not be read: it counts by its own reports'],
};

const eventWords: Record<string, string> = {
  ImageAvailableInRegion: 'available in a region',
  ImageAvailableInAllReplicas: 'available in all replicas',
  ImageDeletedInRegion: 'deleted in a region',
  ImageDeletedInAllReplicas: 'deleted in all replicas',
  ReplicationDelayed: 'replication delayed',
  TagConverged: 'tag converged',
  TagSuperseded: 'tag superseded',
  ReleaseAvailableInAllReplicas: 'release available in all replicas',
  ReleaseDelayed: 'release delayed',
};

/** An event type that is unknown to this page is shown as it is. */
export function eventWord(type: string): string {
  const name = type.split('.').at(-1) ?? type;
  return Object.hasOwn(eventWords, name) ? (eventWords[name] ?? name) : name;
}

/** The kind of manifest; `undefined` for a plain image, which needs no word. */
export function kindWord(mediaType: string | null): string | undefined {
  if (mediaType === null) return undefined;
  if (/index|manifest\.list/.test(mediaType)) return 'multi-platform';
  return /\.manifest\./.test(mediaType) ? undefined : 'other artifact';
}

const sourceWords: Record<AvailabilityDocument['replicas']['source'], string> = {
  arm: 'from Azure Resource Manager',
  settings: 'from the settings',
  remembered: 'remembered: Azure Resource Manager does not answer',
};

export function sourceWord(source: AvailabilityDocument['replicas']['source']): string {
  return Object.hasOwn(sourceWords, source) ? sourceWords[source] : visible(source);
}
