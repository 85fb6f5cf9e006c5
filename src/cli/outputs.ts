/** What later steps of a build are given: the digest to deploy, rather than a tag that may have moved by then. */
import type { Answer } from './document.ts';

export function outputsOf(answer: Answer | undefined): Readonly<Record<'digest' | 'image' | 'state', string>> {
  return { digest: answer?.digest ?? '', image: answer?.image ?? '', state: answer?.state ?? 'unknown' };
}
