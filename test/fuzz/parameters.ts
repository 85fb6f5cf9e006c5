/** Path, query and headers of one request: each parameter valid, nearly valid, unusual, missing or there twice. */
import fc from 'fast-check';
import type { JsonSchema, Operation, Parameter } from './description.ts';
import type { Header } from './draft.ts';
import type { Writing } from './percent.ts';
import { writing } from './percent.ts';
import { almost, oddText, prototypeNames } from './unusual-texts.ts';
import type { Vocabulary } from './words.ts';

function rightText({ enum: values, type }: JsonSchema, name: string, words: Vocabulary): fc.Arbitrary<string> {
  if (Array.isArray(values)) return fc.constantFrom(...values.map(String));
  return words(name) ?? (type === 'string' ? fc.string({ minLength: 1, maxLength: 12 }) : fc.nat(500).map(String));
}

/** @param rightness how often it is valid, for each time it is not */
function anyText(parameter: Parameter, words: Vocabulary, rightness = 6): fc.Arbitrary<string> {
  const right = rightText(parameter.schema, parameter.name, words);
  return fc.oneof(
    { weight: rightness * 5, arbitrary: right },
    { weight: 3, arbitrary: almost(right) },
    { weight: 2, arbitrary: oddText },
  );
}

const inPlace = (operation: Operation, place: Parameter['in']) =>
  operation.parameters.filter((one) => one.in === place);

export function pathText(operation: Operation, words: Vocabulary): fc.Arbitrary<string> {
  const parameters = inPlace(operation, 'path');
  const values = fc.tuple(...parameters.map((one) => fc.tuple(anyText(one, words), writing)));
  const shape = fc.oneof(
    { weight: 30, arbitrary: fc.constant((path: string) => path) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        (path: string) => path.toUpperCase(),
        (path: string) => `${path}/`,
        (path: string) => `/x/..${path}`,
        (path: string) => `//${path}`,
        (path: string) => path.replace('/api', '/%61pi'),
        (path: string) => `${path}/${'a/'.repeat(3_000)}`,
      ),
    },
  );
  return fc.tuple(values, shape).map(([texts, change]) => {
    const filled = parameters.reduce((path, { name }, index) => {
      const [text, write] = texts[index] ?? ['', String as Writing];
      return path.replace(`{${name}}`, () => write(text));
    }, operation.path);
    return change(filled);
  });
}

const unknownHeaders: readonly (readonly [string, string])[] = [
  ...prototypeNames.map((name) => [name, 'x'] as const),
  ['constructor[prototype][x]', '1'],
  ['Headers', '{"x-functions-key":"x"}'],
  ['Query', '{}'],
  ['', ''],
  ['a'.repeat(3_000), 'a'.repeat(3_000)],
];

/**
 * Of the optional ones: without one of the first the request asks nothing, and random values of the others are never
 * valid.
 */
const mostlySent = ['image', 'registry'];
const seldomSent = ['cursor', 'replay'];

function weightOf({ name, required }: Parameter, hasBody: boolean): { sent: number; missing: number } {
  // What may also be in the body contradicts it here.
  if (!required && (hasBody || seldomSent.includes(name))) return { sent: 2, missing: 40 };
  return required || mostlySent.includes(name) ? { sent: 40, missing: 2 } : { sent: 12, missing: 12 };
}

/** With its `?`, or empty. */
export function queryText(operation: Operation, words: Vocabulary): fc.Arbitrary<string> {
  const pairs = inPlace(operation, 'query').map((parameter) => {
    const pair = fc.tuple(fc.constant(parameter.name), anyText(parameter, words), writing);
    const twice = fc.tuple(pair, pair, fc.boolean()).map(([first, second, isOther]) => {
      const [name, value, write] = second;
      return [first, [isOther ? name.toUpperCase() : name, value, write] as typeof second];
    });
    const { sent, missing } = weightOf(parameter, operation.body !== undefined);
    return fc.oneof(
      { weight: sent, arbitrary: pair.map((one) => [one]) },
      { weight: missing, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: twice },
    );
  });
  const plain: Writing = encodeURIComponent;
  const unknownHeader = fc.constantFrom(...unknownHeaders).map(([name, value]) => [[name, value, plain] as const]);
  const more = fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: unknownHeader });
  return fc.tuple(...pairs, more).map((all) => {
    const written = all.flat().map(([name, value, write]) => `${plain(name)}=${write(value)}`);
    return written.length === 0 ? '' : `?${written.join('&')}`;
  });
}

/** What may be in the value of a header: anything but what would end it. */
export function toHeaderValue(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '');
}

/** A route with many headers refuses the request for each that is wrong, so each is valid more often. */
const headerRightness = 40;

export function headersOf(operation: Operation, words: Vocabulary): fc.Arbitrary<Header[]> {
  const each = inPlace(operation, 'header').map((parameter) => {
    const header = anyText(parameter, words, headerRightness).map((text) => [
      [parameter.name, toHeaderValue(text)] as const,
    ]);
    const twice = fc.tuple(header, header).map(([first, second]) => [...first, ...second]);
    return fc.oneof(
      { weight: 160, arbitrary: header },
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: twice },
    );
  });
  return fc.tuple(...each).map((all) => all.flat());
}
