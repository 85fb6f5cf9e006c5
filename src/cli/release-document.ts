/** What a command reads in the document of a release, and in the list of releases. */
import { listOf } from './document.ts';
import type { Fields } from './tracker-reply.ts';

/** The state of the revision. Once available, it stays so, even if images are deleted. */
export function releaseState(release: Fields): string {
  if (typeof release.availableAt === 'string') return 'available';
  const [gone] = listOf(release.ended);
  if (gone !== undefined) return gone.outcome === 'superseded' ? 'superseded' : 'deleted';
  // Time does not bring it, so it is not late.
  const isDeleting = listOf(release.images).some(({ state, satisfied }) => state === 'deleting' && satisfied !== true);
  if (isDeleting) return 'deleting';
  return release.delayed === true ? 'delayed' : 'replicating';
}
