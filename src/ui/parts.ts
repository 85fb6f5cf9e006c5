/** What several screens show: a state with its icon, tags, a digest that can be copied. */
import { make, setText } from './dom.ts';
import { shortDigest, visible } from './format.ts';
import { icon } from './icons.ts';
import type { ShownState } from './words.ts';

export function statePill(state: ShownState): HTMLElement {
  return make('span', { class: `pill is-${state}` }, icon(state), visible(state));
}

export function tagChip(tag: string): HTMLElement {
  return make('span', { class: 'tag', title: visible(tag) }, visible(tag));
}

export function digestCode(digest: string): HTMLElement {
  return make('code', { title: visible(digest) }, shortDigest(digest));
}

const copiedMs = 1_500;

/** @param what for its name: "Copy digest" */
export function copyButton(what: string, text: () => string): HTMLButtonElement {
  const button = make('button', { type: 'button', class: 'quiet', 'aria-label': `Copy ${what}` }, 'Copy');
  button.addEventListener('click', async () => {
    const isCopied = await navigator.clipboard.writeText(text()).then(
      () => true,
      () => false,
    );
    setText(button, isCopied ? 'Copied' : 'Not allowed');
    setTimeout(setText, copiedMs, button, 'Copy');
  });
  return button;
}
