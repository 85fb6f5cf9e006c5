/** Times that go on by themselves: "12 s ago", and how long something has been waited for. The exact one is the title. */
import { make, setText } from './dom.ts';
import { formatAgo, formatWaiting, momentText, visible } from './format.ts';

type Kind = 'ago' | 'waiting';

const words: Record<Kind, (milliseconds: number) => string> = { ago: formatAgo, waiting: formatWaiting };

/** @param iso as the tracker writes it */
export function liveTime(kind: Kind, iso: string, now: number): HTMLTimeElement {
  const text = words[kind](now - Date.parse(iso));
  return make('time', { datetime: iso, title: visible(iso), 'data-live': kind }, text);
}

/** The time by the reader's clock. */
export function fixedTime(iso: string, now: number): HTMLTimeElement {
  return make('time', { datetime: iso, title: visible(iso) }, momentText(Date.parse(iso), now));
}

/** Of what is shown now. */
export function updateLiveTimes(now: number): void {
  for (const time of document.querySelectorAll<HTMLTimeElement>('section:not([hidden]) time[data-live]')) {
    const kind = time.dataset.live === 'waiting' ? 'waiting' : 'ago';
    setText(time, words[kind](now - Date.parse(time.dateTime)));
  }
}
