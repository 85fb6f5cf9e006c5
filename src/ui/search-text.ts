/** What a typed or pasted text searches for. */

/**
 * The reference in a pasted line, such as `docker pull contoso.azurecr.io/team/app:v1`, or the name of an image as this
 * page shows it: `team/app sha256:e46f7d74…`. Other text stays as it is.
 */
export function searchText(typed: string): string {
  const words = typed.trim().split(/\s+/).map(withoutQuotes);
  const [last = '', before = ''] = words.toReversed();
  if (words.length === 1) return last;
  if (/^sha256:[0-9a-f]+$/i.test(last) && /^[\w./-]+$/.test(before)) return `${before}@${last}`;
  return /[/:]/.test(last) ? last : typed.trim();
}

/** Without quotes around it and the ellipsis of a short digest. */
function withoutQuotes(word: string): string {
  return word.replaceAll(/^["'`]+|["'`,;…]+$|\.{3}$/g, '');
}

/** A digest from a node is often that of one platform of a multi-platform image. */
export function isDigest(text: string | undefined): boolean {
  return text !== undefined && /^(sha256:|sha512:)?[0-9a-f]{7,}$/i.test(text);
}
