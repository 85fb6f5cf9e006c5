/** Environment variables, passed as an argument: only the entry points read `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;
