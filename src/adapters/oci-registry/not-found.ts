/**
 * Decides which 404 means "not here". Gateways, wrong paths and disabled endpoints answer 404 as well; read as the
 * registry's answer, one would have an image published as deleted that every replica has. And a registry answers 404
 * for a manifest that it has, if its media type was not accepted.
 * Error documents and their codes: OCI distribution specification, "Error codes".
 */
import type { Absent, Reply, Unclear } from './http.ts';
import { answeredAt, unclear, unclearImage } from './http.ts';

const absentCodes: ReadonlySet<unknown> = new Set(['NAME_UNKNOWN', 'MANIFEST_UNKNOWN', 'BLOB_UNKNOWN']);

/**
 * @param reply a 404
 * @param what for the reason: what was requested
 */
export function readNotFound(reply: Reply, what: string): Absent | Unclear {
  const errors = readErrors(reply.body);
  if (errors === undefined) {
    return isFromRegistry(reply) ? absent(reply) : unclear(`404 for the ${what} that is not the registry's`);
  }
  if (!errors.every(({ code }) => absentCodes.has(code))) return unclear(`404 for the ${what} with another error code`);
  // "OCI artifact found, but accept header does not support OCI artifacts": Azure/azure-cli#24976, Azure/acr#764.
  const isThere = errors.some(({ message }) => /accept header/i.test(String(message)));
  return isThere ? unclearImage(`404 for the ${what}: there, in a type that was not asked for`) : absent(reply);
}

/** Every answer of a registry may carry this header; no other server sends it. */
export function isFromRegistry(reply: Reply): boolean {
  return /^registry\/\d/.test(reply.headers.get('docker-distribution-api-version') ?? '');
}

function absent(reply: Reply): Absent {
  return { kind: 'absent', answeredAt: answeredAt(reply) };
}

interface RegistryError {
  readonly code?: unknown;
  readonly message?: unknown;
}

/** @returns `undefined` for what is not a registry's error document */
function readErrors(body: Buffer): readonly RegistryError[] | undefined {
  try {
    const { errors } = Object(JSON.parse(body.toString())) as { errors?: unknown };
    const list = Array.isArray(errors) ? errors.map((one) => Object(one) as RegistryError) : [];
    return list.some(({ code }) => typeof code === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}
