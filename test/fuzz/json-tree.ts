/**
 * JSON as another program may write it: with one key twice, with `__proto__` as an ordinary key, with numbers that no
 * program can hold. `JSON.stringify` can write none of these.
 */
import fc from 'fast-check';
import { oddText, prototypeNames } from './unusual-texts.ts';

export type Tree =
  | { readonly kind: 'text'; readonly text: string }
  /** Written unchanged. */
  | { readonly kind: 'raw'; readonly json: string }
  | { readonly kind: 'array'; readonly items: readonly Tree[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Tree])[] };

export const text = (value: string): Tree => ({ kind: 'text', text: value });
export const raw = (json: string): Tree => ({ kind: 'raw', json });

export function write(tree: Tree): string {
  if (tree.kind === 'raw') return tree.json;
  if (tree.kind === 'text') return JSON.stringify(tree.text);
  if (tree.kind === 'array') return `[${tree.items.map(write).join(',')}]`;
  return `{${tree.members.map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`).join(',')}}`;
}

const nested = (open: string, close: string, depth: number) => raw(open.repeat(depth) + close.repeat(depth));
/** Deeper than any stack. */
const deep = [nested('[', ']', 100_000), raw(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)];

const numbers = [
  '0',
  '-0',
  '1',
  '-1',
  '1.5',
  '1e999',
  '-1e999',
  '1E-999',
  '123456789012345678901234567890',
  '200.0001',
];

export const oddTree: fc.Arbitrary<Tree> = fc.oneof(
  { weight: 6, arbitrary: oddText.map(text) },
  { weight: 3, arbitrary: fc.constantFrom(...numbers, 'null', 'true', 'false').map(raw) },
  { weight: 2, arbitrary: fc.constantFrom('[]', '{}', '[[]]', '[null]', '{"":{}}').map(raw) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...prototypeNames).map((name) => object([[name, object([[name, text('x')]])]])),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => raw(JSON.stringify(value))) },
  { weight: 1, arbitrary: fc.constantFrom('"\\ud800"', '"\\u0000"', '"\\udc00\\ud800"').map(raw) },
);

/** Costs more than the others, so it is drawn less often. */
export const deepTree: fc.Arbitrary<Tree> = fc.constantFrom(...deep);

export function object(members: readonly (readonly [string, Tree])[]): Tree {
  return { kind: 'object', members };
}

export function sizeOf(tree: Tree): number {
  if (tree.kind === 'array') return tree.items.reduce((sum, item) => sum + sizeOf(item), 1);
  if (tree.kind === 'object') return tree.members.reduce((sum, [, value]) => sum + sizeOf(value), 1);
  return 1;
}

/** The tree with its n-th node, counted from the root, changed. */
export function changeAt(tree: Tree, n: number, change: (tree: Tree) => Tree): Tree {
  let left = n;
  const visit = (node: Tree): Tree => {
    if (left-- === 0) return change(node);
    if (node.kind === 'array') return { ...node, items: node.items.map(visit) };
    if (node.kind === 'object') return object(node.members.map(([key, value]) => [key, visit(value)]));
    return node;
  };
  return visit(tree);
}
