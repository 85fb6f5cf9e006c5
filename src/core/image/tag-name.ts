/** A tag, by its full name. */

import type { Repository, Tag } from '../model/reference.ts';
export interface TagName {
  readonly registry: string;
  readonly repository: Repository;
  readonly tag: Tag;
}
