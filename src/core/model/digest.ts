/**
 * A manifest's digest: `sha256:` and 64 lower-case hex digits, the only algorithm the registry stores.
 * Parsed once where input is read and carried as a type, so that no other code has to check it.
 */
declare const digestBrand: unique symbol;
export type Digest = string & { readonly [digestBrand]: true };

const pattern = /^sha256:[0-9a-f]{64}$/;

export const digestRule = 'must be "sha256:" and 64 lower-case hex digits';

export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && pattern.test(text);
}

export function parseDigest(text: unknown): Digest | undefined {
  return isDigest(text) ? text : undefined;
}
