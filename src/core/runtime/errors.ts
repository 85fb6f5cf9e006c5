/**
 * The failures of services outside the app: storage, topic, ARM, replicas. Invalid input is never an error (see parsed.ts). One
 * class for all of them, so that one place decides whether to try again, and one which HTTP status is answered.
 */
export type ErrorCode =
  /** The service did not answer in time; the request may have had an effect or not. */
  | 'unavailable'
  /** The service asked for fewer requests. */
  | 'throttled'
  /** The service refused our credentials or permissions. */
  | 'unauthorized'
  /** Other writers kept changing the same record; every attempt was refused. */
  | 'conflict'
  /** The service refused the content of the request, and would again. */
  | 'invalid';

const temporaryCodes: Record<ErrorCode, boolean> = {
  unavailable: true,
  throttled: true,
  // A role assignment or a key can be repaired while we keep trying.
  unauthorized: true,
  conflict: true,
  invalid: false,
};

export class UpstreamError extends Error {
  readonly code: ErrorCode;
  /** What people should do next. */
  readonly hint: string | undefined;
  /** The pause that the service asked for. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; hint?: string; retryAfterMs?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'UpstreamError';
    this.code = code;
    this.hint = options.hint;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Whether the same call may succeed later. */
  get temporary(): boolean {
    return temporaryCodes[this.code];
  }
}

export function isTemporary(error: unknown): boolean {
  return error instanceof UpstreamError && error.temporary;
}

/** One line for clients. Of an error that is not an `UpstreamError` only the name, since its message may have internal details. */
export function describeForPeople(error: unknown): string {
  if (error instanceof UpstreamError) return describeError(error);
  return error instanceof Error ? error.name : 'an unknown error';
}

/** One line for a log: never the stack, never a cause that may hold a URL or a header. */
export function describeError(error: unknown): string {
  if (error instanceof UpstreamError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
