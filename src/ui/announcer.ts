/** Says what has changed to those who listen to the page: not more often than somebody can listen to. */
import { part, setText } from './dom.ts';

const pauseMs = 5_000;

export function createAnnouncer(): (text: string) => void {
  const place = part('spoken-changes');
  let waiting: string[] = [];
  let isPausing = false;

  function speak(): void {
    if (waiting.length === 0 || isPausing) return;
    // Only the newest few: what happened a while ago can be read.
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
