/** Announces changes to screen readers, limited to what a listener can follow. */
import { part, setText } from './dom.ts';

const pauseMs = 5_000;

export function createAnnouncer(): (text: string) => void {
  const place = part('spoken-changes');
  let waiting: string[] = [];
  let isPausing = false;

  function speak(): void {
    if (waiting.length === 0 || isPausing) return;
    // Only the newest few: older changes can be read on the page.
    setText(place, waiting.slice(-3).join(' '));
    waiting = [];
    isPausing = true;
    setTimeout(() => {
      isPausing = false;
      speak();
    }, pauseMs);
  }

  return (text) => {
    if (text === '') return;
    waiting.push(text);
    speak();
  };
}
