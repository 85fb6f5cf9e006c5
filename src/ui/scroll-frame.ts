/** A card whose table may be wider than the card: the card scrolls, not the page, also by keyboard. */
import { setAttribute } from './dom.ts';

/** @returns a function to call with each new table of the frame */
export function createScrollFrame(frame: HTMLElement): (table: HTMLTableElement) => void {
  let shown: HTMLTableElement | undefined;
  // In the next animation frame: measuring also changes the layout, and a second change in the same frame would be a
  // loop for the observer.
  const observer = new ResizeObserver(() => requestAnimationFrame(measure));

  function measure(): void {
    // Widths including borders: a scroll bar does not change them, so it cannot decide whether it is needed.
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
