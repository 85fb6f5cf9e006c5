/**
 * The result of every parser in the core: a value, or the list of invalid fields. Invalid input is not an exception: routes
 * answer 400 and name each field.
 */
export interface FieldProblem {
  /** The field's name in the input: `target.digest`, `regions`, `timeout`. */
  readonly field: string;
  /** What is wrong and what was expected. */
  readonly reason: string;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function problem(field: string, reason: string): { readonly ok: false; readonly problems: FieldProblem[] } {
  return { ok: false, problems: [{ field, reason }] };
}

/** Quotes input for a message, cut short so that hostile input cannot fill an answer or a log line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
