/**
 * Docker's schema 1 is served with its signatures and named by the digest of what was signed, which has to be put
 * together from the signature's own words. Hashing what was served would call every such manifest forged.
 * The form: distribution, "Image Manifest V 2, Schema 1", Signed Manifests.
 */

/** @returns what was signed, byte for byte; `undefined` where nothing was */
export function signedPayload(body: Buffer): Buffer | undefined {
  try {
    const { signatures } = Object(JSON.parse(body.toString())) as { signatures?: { protected?: unknown }[] };
    const words = decode(signatures?.[0]?.protected);
    const { formatLength, formatTail } = Object(JSON.parse(words.toString())) as Record<string, unknown>;
    const isLength = typeof formatLength === 'number' && formatLength > 0 && formatLength <= body.length;
    return isLength ? Buffer.concat([body.subarray(0, formatLength), decode(formatTail)]) : undefined;
  } catch {
    return undefined;
  }
}

function decode(text: unknown): Buffer {
  return Buffer.from(typeof text === 'string' ? text : '', 'base64url');
}
