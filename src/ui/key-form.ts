/**
 * The function key: requested once per tab, kept in session storage, sent in a header, and never part of an address.
 */
import { part, setHidden, setText } from './dom.ts';

const item = 'acr-replication-tracker.key';

export interface KeyForm {
  /** The key to send. */
  key(): string | undefined;
  /** Shows the form, with a message when the tracker has refused the key. */
  request(): void;
  done(): void;
}

/** @param onChange called when a key was entered or forgotten */
export function createKeyForm(storage: Storage, onChange: (change: 'given' | 'forgotten') => void): KeyForm {
  const form = part<HTMLFormElement>('key-form');
  const field = part<HTMLInputElement>('key');
  const problem = part('key-problem');
  const forget = part<HTMLButtonElement>('forget-key');
  const read = () => storage.getItem(item) ?? undefined;

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const given = field.value.trim();
    // A header accepts no other characters, and no key has them.
    const isKey = /^[\x21-\x7e]+$/.test(given);
    setText(problem, isKey ? '' : 'That is not a key: it has letters, digits and a few signs.');
    if (!isKey) return;
    storage.setItem(item, given);
    field.value = '';
    onChange('given');
  });
  forget.addEventListener('click', () => {
    storage.removeItem(item);
    setHidden(forget, true);
    onChange('forgotten');
  });

  return {
    key: read,
    request() {
      const wasRefused = read() !== undefined;
      storage.removeItem(item);
      setText(problem, wasRefused ? 'The tracker does not take this key.' : '');
      setHidden(forget, true);
      if (!form.hidden && !wasRefused) return;
      setHidden(form, false);
      field.focus();
    },
    done() {
      setHidden(form, true);
      setText(problem, '');
      setHidden(forget, read() === undefined);
    },
  };
}
