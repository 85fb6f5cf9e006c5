/**
 * Docker's schema 1 manifests are served with their signatures, but their digest is that of the signed payload, which
 * is rebuilt from fields of the signature. Hashing the served bytes would call every such manifest forged.
 * Format: distribution, "Image Manifest V 2, Schema 1", Signed Manifests.
 */

/** @returns the signed payload, byte for byte; `undefined` for a manifest without signatures */
export function signedPayload(body: Buffer): Buffer | undefined {
  try {
    const { signatures } = Object(JSON.parse(body.toString())) as { signatures?: { protected?: unknown }[] };
    const header = decode(signatures?.[0]?.protected);
    const { formatLength, formatTail } = Object(JSON.parse(header.toString())) as Record<string, unknown>;
    const isLength = typeof formatLength === 'number' && formatLength > 0 && formatLength <= body.length;
    return isLength ? Buffer.concat([body.subarray(0, formatLength), decode(formatTail)]) : undefined;
  } catch {
    return undefined;
  }
}

function decode(text: unknown): Buffer {
  return Buffer.from(typeof text === 'string' ? text : '', 'base64url');
}
