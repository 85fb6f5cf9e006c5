/** A switch between times in the reader's time zone and UTC, the zone of logs. */
import { setText } from './dom.ts';
import { zone } from './format.ts';

const item = 'acr-replication-tracker.utc';

/** @param onChange must render all times again */
export function createZoneSwitch(button: HTMLButtonElement, onChange: () => void): void {
  zone.isUtc = localStorage.getItem(item) === 'yes';
  show();
  button.addEventListener('click', () => {
    zone.isUtc = !zone.isUtc;
    if (zone.isUtc) localStorage.setItem(item, 'yes');
    else localStorage.removeItem(item);
    show();
    onChange();
  });

  function show(): void {
    setText(button, zone.isUtc ? 'Show local time' : 'Show UTC');
  }
}
