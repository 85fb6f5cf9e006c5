import { visible } from './format.ts';

/** What the topic says itself, after its status in an error as the tracker writes it; empty if it says nothing. */
export function reasonIn(error: string): string {
  return visible(/\(\d{3}\): (.+)$/.exec(error)?.[1] ?? '');
}

/** The HTTP status in an error as the tracker writes it, if there is one: "503". */
export function lastAnswer(error: string): string {
  return /\((\d{3})\)/.exec(error)?.[1] ?? /^answered (\d{3})$/.exec(error)?.[1] ?? visible(error);
}
