/** A card whose table may be wider than it: then the card scrolls and not the page, and the keyboard gets there as well. */
import { setAttribute } from './dom.ts';

/** @returns to be called with each table that the frame gets */
export function createScrollFrame(frame: HTMLElement): (table: HTMLTableElement) => void {
  let shown: HTMLTableElement | undefined;
  // A frame later: what is measured is also changed, and nothing may be measured anew in the same one.
  const observer = new ResizeObserver(() => requestAnimationFrame(measure));

  function measure(): void {
    // Borders included: a scroll bar takes none of that, so it cannot decide whether it is needed.
    const isWide = shown !== undefined && shown.offsetWidth > 0 && shown.offsetWidth >= frame.offsetWidth;
    frame.classList.toggle('is-wide', isWide);
    setAttribute(frame, 'tabindex', isWide ? '0' : undefined);
    setAttribute(frame, 'role', isWide ? 'region' : undefined);
    setAttribute(frame, 'aria-label', isWide ? (shown?.caption?.textContent ?? '') : undefined);
  }

  return (table) => {
    shown = table;
    observer.disconnect();
    observer.observe(frame);
    observer.observe(table);
  };
}
