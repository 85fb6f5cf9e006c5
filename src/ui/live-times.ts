/** Times that update by themselves: "12 s ago", and the duration of a wait. The title holds the exact time. */
import { make, setText } from './dom.ts';
import { formatAgo, formatWaiting, momentText, visible } from './format.ts';

type Kind = 'ago' | 'waiting';

const words: Record<Kind, (milliseconds: number) => string> = { ago: formatAgo, waiting: formatWaiting };

/** @param iso as the tracker sends it */
export function liveTime(kind: Kind, iso: string, now: number): HTMLTimeElement {
  const text = words[kind](now - Date.parse(iso));
  return make('time', { datetime: iso, title: visible(iso), 'data-live': kind }, text);
}

/** The time in the zone that the reader has chosen. */
export function fixedTime(iso: string, now: number): HTMLTimeElement {
  return make('time', { datetime: iso, title: visible(iso) }, momentText(Date.parse(iso), now));
}

/** Updates all that are in the document. */
export function updateLiveTimes(now: number): void {
  for (const time of document.querySelectorAll<HTMLTimeElement>('section:not([hidden]) time[data-live]')) {
    const kind = time.dataset.live === 'waiting' ? 'waiting' : 'ago';
    setText(time, words[kind](now - Date.parse(time.dateTime)));
  }
}
