/**
 * Arrow keys move between the rows of a matrix, Enter opens a row, Escape goes back, and a slash moves to the search of
 * the list. Tab keeps its usual meaning.
 */
import { part } from './dom.ts';

export function watchKeyboard(back: () => void): void {
  const main = part('main');

  function links(target: EventTarget | null): HTMLElement[] {
    const matrix = target instanceof Element ? target.closest('.matrix-frame') : null;
    return matrix === null ? [] : [...matrix.querySelectorAll<HTMLElement>('a.open')];
  }

  function move(event: KeyboardEvent): void {
    const all = links(event.target);
    const here = all.findIndex((link) => link.matches(':focus'));
    const targets: Record<string, number> = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 };
    const target = Object.hasOwn(targets, event.key) ? all[targets[event.key] ?? -1] : undefined;
    if (here < 0 || target === undefined) return;
    event.preventDefault();
    target.focus();
    target.scrollIntoView({ block: 'nearest' });
  }

  main.addEventListener('keydown', (event) => {
    const hasModifier = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
    if (!hasModifier) move(event);
  });
  // A click anywhere in a row follows its link, unless the reader is selecting text.
  main.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target : undefined;
    if (target === undefined || target.closest('a, button') !== null || getSelection()?.isCollapsed === false) return;
    target.closest('.matrix tbody tr')?.querySelector<HTMLElement>('a.open')?.click();
  });
  document.addEventListener('keydown', (event) => {
    const isField =
      document.activeElement instanceof HTMLInputElement || document.activeElement instanceof HTMLSelectElement;
    if (isField) return;
    if (event.key === 'Escape') back();
    const search = part<HTMLInputElement>('filter-search');
    // On some keyboards a slash needs Shift.
    if (event.key !== '/' || event.altKey || event.ctrlKey || event.metaKey || !search.checkVisibility()) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
}
