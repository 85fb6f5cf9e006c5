/**
 * The closed list of what can go wrong in the world. Bad input is never an error (see parsed.ts); these are storage,
 * topic, ARM and replicas not doing what was asked. One class, so that "is it worth trying again?" and "which HTTP
 * status?" are each answered in one place.
 */
export type ErrorCode =
  /** It did not answer, or not in time; nothing is known about the outcome. */
  | 'unavailable'
  /** It asked us to slow down. */
  | 'throttled'
  /** It refused our credentials or permissions. */
  | 'unauthorized'
  /** Others kept changing the same image; every attempt was overtaken. */
  | 'conflict'
  /** It refused what we sent, and would again. */
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
  /** What a human should do next. */
  readonly hint: string | undefined;
  /** How long the other side asked us to wait. */
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

/** One line for people who ask: of what is no answer of another side, which may name anything, only the kind. */
export function describeForPeople(error: unknown): string {
  if (error instanceof UpstreamError) return describeError(error);
  return error instanceof Error ? error.name : 'an unknown error';
}

/** One line for a log: never the stack, never a cause that may hold a URL or a header. */
export function describeError(error: unknown): string {
  if (error instanceof UpstreamError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
