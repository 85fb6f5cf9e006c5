/**
 * A list of elements for a list of values: an element stays in the document while its value is on the list, and
 * unchanged ones are not touched. So focus, selection and scroll position survive every update.
 */
export interface Keyed<T> {
  readonly node: Element;
  update(value: T): void;
}

export interface KeyedList<T> {
  show(values: readonly T[]): void;
  clear(): void;
}

export function keyedList<T>(
  parent: Element,
  keyOf: (value: T) => string,
  create: (value: T) => Keyed<T>,
): KeyedList<T> {
  const items = new Map<string, { readonly item: Keyed<T>; fingerprint: string }>();

  function take(value: T): Element {
    const key = keyOf(value);
    const fingerprint = JSON.stringify(value);
    const known = items.get(key);
    if (known === undefined) {
      const item = create(value);
      item.update(value);
      items.set(key, { item, fingerprint });
      return item.node;
    }
    if (known.fingerprint !== fingerprint) {
      known.fingerprint = fingerprint;
      known.item.update(value);
    }
    return known.item.node;
  }

  function show(values: readonly T[]): void {
    const kept = new Set(values.map(keyOf));
    for (const [key, { item }] of items) {
      if (kept.has(key)) continue;
      item.node.remove();
      items.delete(key);
    }
    let place = parent.firstElementChild;
    for (const value of values) {
      const node = take(value);
      if (node === place) place = place.nextElementSibling;
      else parent.insertBefore(node, place);
    }
  }

  return { show, clear: () => show([]) };
}
