/** The interface of every screen of the page, and what a screen may use of the rest. */

import type { View } from './hash-state.ts';
import type { RegistryName } from './registry-name.ts';
import type { Query } from './tracker.ts';

/** The current view, with its registry. */
export interface Shown {
  readonly view: View;
  readonly registry: RegistryName;
}

export type Ask = <T>(route: string, query: Query) => Promise<T>;

export interface Page {
  /** Milliseconds since 1970 by the tracker's clock. */
  now(): number;
  /** Shows another view; Back returns to this one. */
  /** @param isSameStep the new view replaces this one in the history */
  go(change: Partial<View>, isSameStep?: boolean): void;
  /** Polls at once. */
  poke(): void;
  /** Sends a POST request. @throws Unanswered */
  send(route: string, body: unknown): Promise<void>;
  /** Announces it to screen readers. */
  say(text: string): void;
}

export interface Screen {
  /** Requests what the view shows, and shows it. */
  refresh(shown: Shown, ask: Ask): Promise<void>;
  /** The title of the tab. */
  title(): string;
  /** Moves the focus to where it belongs when the screen is opened. */
  focus(): void;
  /** Removes all data from the screen. */
  clear(): void;
}
