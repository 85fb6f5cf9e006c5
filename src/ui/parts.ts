/** Elements that several screens show: a state with its icon, tags, a digest with a copy button. */
import { make, setText } from './dom.ts';
import { shortDigest, visible } from './format.ts';
import type { IconName } from './icons.ts';
import { icon } from './icons.ts';
import type { Answer } from './shortfall.ts';
import type { CountedBy } from './words.ts';

export function statePill(state: CountedBy): HTMLElement {
  return make('span', { class: `pill is-${state}` }, icon(state), visible(state));
}

/** The answer to what was asked, which is more than the state of the image where that is available. */
export function answerPill({ look, words }: Answer): HTMLElement {
  return make('span', { class: `pill is-${look}` }, icon(look as IconName), visible(words));
}

export function tagChip(tag: string): HTMLElement {
  return make('span', { class: 'tag', title: visible(tag) }, visible(tag));
}

export function digestCode(digest: string): HTMLElement {
  return make('code', { title: visible(digest) }, shortDigest(digest));
}

const copiedMs = 1_500;

/** @param what completes the button's name: "Copy digest" */
export function copyButton(what: string, text: () => string, word = 'Copy'): HTMLButtonElement {
  const button = make('button', { type: 'button', class: 'quiet', 'aria-label': `Copy ${what}` }, word);
  button.addEventListener('click', async () => {
    const isCopied = await navigator.clipboard.writeText(text()).then(
      () => true,
      () => false,
    );
    setText(button, isCopied ? 'Copied' : 'Not allowed');
    setTimeout(setText, copiedMs, button, word);
  });
  return button;
}

/** The state of a delivery. @param answer the whole answer, for the tool tip */
export function deliveryPill(
  state: 'available' | 'replicating' | 'delayed' | 'deleted',
  words: string,
  answer: string | null = null,
): HTMLElement {
  const title = answer === null ? undefined : visible(answer);
  return make('span', { class: `pill is-${state} is-wordy`, title }, icon(state), visible(words));
}
