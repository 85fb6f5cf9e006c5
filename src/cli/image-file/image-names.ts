/** Images in a list or under `images`: strings, or objects with `image` such as the tracker's answers. */
import { isFields } from '../tracker-reply.ts';
import type { Mention } from './mention.ts';

export function imagesByName(list: readonly unknown[], name: string): Mention[] {
  return list.map((entry, i) => ({ image: isFields(entry) ? entry.image : entry, where: `${name}[${i}]` }));
}
