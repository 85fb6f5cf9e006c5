/**
 * The few changes the page makes to the document. Values become text nodes and attributes, never markup, so a hostile
 * name from a registry stays plain text.
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

/** Writes only what differs: unchanged text keeps its selection and is not announced again. */
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

/** An element of index.html, by id. */
export function part<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no part "${id}"`);
  return element as T;
}

/** Text for screen readers only. */
export function spoken(text: string): HTMLElement {
  return make('span', { class: 'spoken' }, text);
}

/** Renders an element again only when the value it shows has changed. */
export function painted<T>(node: Element, paint: (value: T) => readonly Child[]): (value: T) => void {
  let last: string | undefined;
  return (value) => {
    const fingerprint = JSON.stringify(value);
    if (fingerprint === last) return;
    last = fingerprint;
    node.replaceChildren(...paint(value).filter((child) => child !== undefined));
  };
}
