/** One deliberate fault: a place in the code, the text that replaces it, and the tests that should fail. */
export interface Fault {
  /** Relative to the root of this folder, with slashes. */
  readonly file: string;
  /** Occurs in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What the code does wrong then, in a few words. */
  readonly meaning: string;
  /** Test files that are run with it, relative to the root. */
  readonly tests: readonly string[];
  /** Why no test can notice; not there for a fault that one must catch. */
  readonly equivalent: string | undefined;
}

export type FaultRow = readonly [meaning: string, find: string, replace: string, equivalent?: string];

/** Faults in one file, tried with the same tests. */
export function faultsIn(file: string, tests: readonly string[], rows: readonly FaultRow[]): Fault[] {
  return rows.map(([meaning, find, replace, equivalent]) => ({ file, find, replace, meaning, tests, equivalent }));
}

/** @returns the text with the fault, or why it cannot be put in */
export function plant(
  { find, replace }: Fault,
  text: string,
): { readonly text: string } | { readonly problem: string } {
  if (find === replace) return { problem: 'it changes nothing' };
  const places = text.split(find).length - 1;
  if (places === 0) return { problem: 'its text is not in the file any more' };
  if (places > 1) return { problem: `its text is in the file ${places} times` };
  // Not `replace`, to which `$` in the new text would mean something.
  return { text: text.split(find).join(replace) };
}

/** `src/core`, or the adapter: `src/adapters/arm`. */
export function roomOf({ file }: Fault): string {
  const [source, room, part = ''] = file.split('/');
  return room === 'adapters' ? `${source}/${room}/${part.replace(/\.ts$/, '')}` : `${source}/${room}`;
}
