/** Variables of the process, as they are handed in: only the entry points read `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;
