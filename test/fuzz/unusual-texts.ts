/**
 * Texts that programs often handle wrongly: names that every object has, letters that change in another case, the
 * syntax of other programs, and more of everything than usual.
 */
import fc from 'fast-check';

export const prototypeNames = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'toJSON',
  'then',
  'length',
];

const letters = [
  '\0',
  'a\0b',
  '\u0001\u001f\u007f',
  '\u202eabc\u202c',
  'e\u0301\u212b',
  '\ud800',
  'x\udfffy',
  '\ufeffeastus',
  'a\u2028b\u2029c',
  // Lower-cased, these become plain letters, or more letters than before.
  '\u212aelvin',
  '\u0130stanbul',
  '\ufb01',
  '\u00a0eastus\u3000',
  '\u{1f4a5}'.repeat(20),
];

const syntax = [
  "' or PartitionKey ne '",
  "'; drop table images; --",
  '../../../../etc/passwd',
  '..\\..\\windows',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '"}],"x":[{"',
  '\r\nX-Injected: yes\r\n\r\n',
  '\nforged-log-line host: all is well',
  '%',
  '%00',
  '%2F..%2f',
  '%252F',
  '%c0%af',
  '%ed%a0%80',
  'a/b\\c#d?e',
  ',,,',
  '$(system.AccessToken)',
  'http://[::1]:1/',
];

const values = [
  '',
  ' ',
  'null',
  'undefined',
  'true',
  '0',
  '-1',
  '-0',
  '1e999',
  'NaN',
  'Infinity',
  '0x10',
  '\u0663',
  '[]',
];

const many = [
  'a'.repeat(256),
  'a'.repeat(1_025),
  'a'.repeat(9_000),
  '-'.repeat(3_000),
  'a-'.repeat(127),
  `${'a/'.repeat(2_000)}b`,
  `${'a.'.repeat(500)}!`,
  ','.repeat(2_000),
];

export const oddText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...prototypeNames) },
  { weight: 3, arbitrary: fc.constantFrom(...letters) },
  { weight: 3, arbitrary: fc.constantFrom(...syntax) },
  { weight: 2, arbitrary: fc.constantFrom(...values) },
  { weight: 1, arbitrary: fc.constantFrom(...many) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }) },
);

/** A valid text with one change. */
export function almost(good: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const changes: ((text: string, odd: string, at: number) => string)[] = [
    (text, _odd, at) => text.slice(0, at),
    (text, odd, at) => text.slice(0, at) + odd + text.slice(at),
    (text) => text.toUpperCase(),
    (text) => ` ${text} `,
    (text) => text + text,
    (text) => `${text},${text}`,
    (text, odd) => text + odd,
    (text, _odd, at) => text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1),
  ];
  return fc
    .tuple(good, oddText, fc.nat(200), fc.constantFrom(...changes))
    .map(([text, odd, at, change]) => change(text, odd, text.length === 0 ? 0 : at % text.length));
}
