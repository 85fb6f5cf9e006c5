/** What Enter in the search opens. */
import { searchText } from './search-text.ts';

/** Whether the text names its registry: that image is opened even if no list has it. */
export function isWholeReference(text: string): boolean {
  const [host = '', ...path] = searchText(text).split('/');
  return path.length > 0 && /[.:]/.test(host);
}

interface Found extends Readonly<Record<'image' | 'registry' | 'repository', string>> {
  readonly digest: string | null;
  readonly tags: readonly string[];
}

/**
 * @param typed the image that the text names if it is a whole name: `app:1.2` may also be the end of `team/app:1.2`
 * @param found the images that the text finds @param isAll whether these are all
 * @returns the image to open; `undefined`: the reader has to choose
 */
export function enterTarget(typed: string | undefined, found: readonly Found[], isAll: boolean): string | undefined {
  const isTyped = ({ registry, repository, digest, tags }: Found) =>
    [...tags.map((tag) => `:${tag}`), `@${digest}`].some((end) => typed === `${registry}/${repository}${end}`);
  if (typed !== undefined && (found.some(isTyped) || (isAll && found.length === 0))) return typed;
  return isAll && found.length === 1 ? found[0]?.image : undefined;
}
