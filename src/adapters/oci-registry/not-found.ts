/**
 * Which 404 says "not here". Gateways, wrong paths and endpoints that are switched off answer 404 as well; taken for the
 * registry's word, such a page would have an image told as deleted that every replica has. And a registry says 404 of a
 * manifest that it has, in a type it was not asked for.
 * Error documents and their codes: OCI distribution specification, "Error codes".
 */
import type { Absent, Reply, Unclear } from './http.ts';
import { saidAt, unclear, unclearImage } from './http.ts';

const absentCodes: ReadonlySet<unknown> = new Set(['NAME_UNKNOWN', 'MANIFEST_UNKNOWN', 'BLOB_UNKNOWN']);

/**
 * @param reply a 404
 * @param what for people: what was asked for
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

/** Every answer of a registry may carry it; nobody else's does. */
export function isFromRegistry(reply: Reply): boolean {
  return /^registry\/\d/.test(reply.headers.get('docker-distribution-api-version') ?? '');
}

function absent(reply: Reply): Absent {
  return { kind: 'absent', saidAt: saidAt(reply) };
}

interface RegistryError {
  readonly code?: unknown;
  readonly message?: unknown;
}

/** @returns `undefined` for what is no error document of a registry */
function readErrors(body: Buffer): readonly RegistryError[] | undefined {
  try {
    const { errors } = Object(JSON.parse(body.toString())) as { errors?: unknown };
    const list = Array.isArray(errors) ? errors.map((one) => Object(one) as RegistryError) : [];
    return list.some(({ code }) => typeof code === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}
