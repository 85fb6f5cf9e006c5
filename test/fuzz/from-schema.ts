/**
 * Values from a JSON Schema: valid ones, and valid ones with one change. Most faults are close to valid values; random
 * noise is refused by the first check and finds nothing.
 */
import fc from 'fast-check';
import type { JsonSchema } from './description.ts';
import type { Tree } from './json-tree.ts';
import { changeAt, deepTree, object, oddTree, raw, sizeOf, text } from './json-tree.ts';
import { prototypeNames } from './unusual-texts.ts';
import type { Vocabulary } from './words.ts';

export type Resolve = (schema: JsonSchema) => JsonSchema;

export function resolver(schemas: Readonly<Record<string, JsonSchema>>): Resolve {
  return (schema) => {
    const [, name] = typeof schema.$ref === 'string' ? (/^#\/components\/schemas\/(.+)$/.exec(schema.$ref) ?? []) : [];
    return name === undefined ? schema : (schemas[name] ?? schema);
  };
}

/** @param name of the field, which says more than its type */
export function validTree(schema: JsonSchema, name: string, words: Vocabulary, resolve: Resolve): fc.Arbitrary<Tree> {
  const inner = (next: JsonSchema, field = name) => validTree(next, field, words, resolve);
  const { type, enum: values, anyOf, properties = {}, required = [], items } = resolve(schema);
  if (Array.isArray(values)) return fc.constantFrom(...values.map((value) => raw(JSON.stringify(value))));
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map((one) => inner(one as JsonSchema)));
  if (Array.isArray(type)) return fc.oneof(...type.map((one) => inner({ ...schema, type: one })));
  if (type === 'object') {
    const members = Object.entries(properties as Record<string, JsonSchema>).map(([key, value]) => {
      const isNeeded = (required as string[]).includes(key);
      const member = inner(value, key).map((tree) => [[key, tree] as const]);
      return isNeeded ? member : fc.oneof({ weight: 4, arbitrary: member }, { weight: 1, arbitrary: fc.constant([]) });
    });
    return fc.tuple(...members).map((all) => object(all.flat()));
  }
  if (type === 'array') {
    return fc
      .array(inner((items as JsonSchema | undefined) ?? {}), { maxLength: 3 })
      .map((all) => ({ kind: 'array', items: all }));
  }
  if (type === 'integer' || type === 'number')
    return fc.integer({ min: 0, max: 300 }).map((value) => raw(String(value)));
  if (type === 'boolean') return fc.boolean().map((value) => raw(String(value)));
  if (type === 'null') return fc.constant(raw('null'));
  return (words(name) ?? fc.string({ minLength: 1, maxLength: 20 })).map(text);
}

type Change = (tree: Tree, odd: Tree, word: string, n: number) => Tree;

const changes: readonly Change[] = [
  (_tree, odd) => odd,
  (_tree, odd) => odd,
  (tree) => ({ kind: 'array', items: [tree] }),
  (tree, _odd, word) => object([[word, tree]]),
  (tree, odd, word) => (tree.kind === 'object' ? object([...tree.members, [word, odd]]) : odd),
  // One key twice: which of the two is meant?
  (tree, odd, word, n) => {
    if (tree.kind !== 'object') return odd;
    const [key] = tree.members[n % Math.max(1, tree.members.length)] ?? [word];
    return object([...tree.members, [key, odd]]);
  },
  (tree, odd, _word, n) => {
    if (tree.kind !== 'object') return odd;
    const left = n % Math.max(1, tree.members.length);
    return object(tree.members.filter((_, index) => index !== left));
  },
  (tree) => (tree.kind === 'text' ? text(tree.text.toUpperCase()) : tree),
  (tree) => (tree.kind === 'raw' ? text(tree.json) : tree),
];

/** One part is wrong, anywhere. */
export function changedTree(good: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> {
  const odd = fc.oneof({ weight: 40, arbitrary: oddTree }, { weight: 1, arbitrary: deepTree });
  return fc
    .tuple(good, odd, fc.constantFrom(...prototypeNames), fc.nat(10_000), fc.constantFrom(...changes))
    .map(([tree, bad, word, n, change]) => changeAt(tree, n % sizeOf(tree), (node) => change(node, bad, word, n)));
}
