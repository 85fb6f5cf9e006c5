/**
 * The few things this page does to the document. Values become text nodes and attributes and never markup, so that no
 * name a registry may hold can be anything but a name.
 */
export type Child = Node | string | undefined;

export type Attributes = Readonly<Record<string, string | undefined>>;

export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) setAttribute(element, attribute, value);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** Writes only what differs: what is not written keeps its selection, and wakes no screen reader. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(element: Element, name: string, value: string | undefined): void {
  if (value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export function setHidden(element: HTMLElement, isHidden: boolean): void {
  if (element.hidden !== isHidden) element.hidden = isHidden;
}

/** A part of index.html. */
export function part<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no part "${id}"`);
  return element as T;
}

/** For those who listen instead of looking. */
export function spoken(text: string): HTMLElement {
  return make('span', { class: 'spoken' }, text);
}

/** Paints a part anew only when the value it shows has changed. */
export function painted<T>(node: Element, paint: (value: T) => readonly Child[]): (value: T) => void {
  let last: string | undefined;
  return (value) => {
    const print = JSON.stringify(value);
    if (print === last) return;
    last = print;
    node.replaceChildren(...paint(value).filter((child) => child !== undefined));
  };
}
