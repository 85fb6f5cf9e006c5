/** Structured log lines. */

/** One line per decision. Fields never hold a secret, a header, a body or a webhook URL. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;
