/** What every screen of the page is, and what it may use of the rest. */

import type { View } from './hash-state.ts';
import type { RegistryName } from './registry-name.ts';
import type { Query } from './tracker.ts';

/** The view as it is now, with the registry that it is about. */
export interface Shown {
  readonly view: View;
  readonly registry: RegistryName;
}

export type Ask = <T>(route: string, query: Query) => Promise<T>;

export interface Page {
  /** Milliseconds since 1970 by the tracker's clock. */
  now(): number;
  /** Shows another view; Back leads to this one. */
  /** @param isSameStep Back leads to the one before this */
  go(change: Partial<View>, isSameStep?: boolean): void;
  /** Asks again at once. */
  poke(): void;
  /** Has something done. @throws Unanswered */
  send(route: string, body: unknown): Promise<void>;
  /** Says it to those who listen. */
  say(text: string): void;
}

export interface Screen {
  /** Asks for what the view shows, and shows it. */
  refresh(shown: Shown, ask: Ask): Promise<void>;
  /** For the tab. */
  title(): string;
  /** Where the focus goes when the screen is opened. */
  focus(): void;
  /** Forgets everything it shows. */
  clear(): void;
}
