/** Nothing that comes from elsewhere may drive a terminal or a build agent. */
import { expect, test } from 'vitest';
import { clean, cleanDeep } from '../../src/cli/clean.ts';

test.each<[string, string]>([
  ['contoso.azurecr.io/team/app:v1', 'contoso.azurecr.io/team/app:v1'],
  ['Größe 🚀', 'Größe 🚀'],
  ['a\u001b[31mred', 'a [31mred'],
  ['a\u009b31mred', 'a 31mred'],
  ['one\r\ntwo', 'one two'],
  ['bell\u0007', 'bell '],
  ['\u202etxt.exe', ' txt.exe'],
  ['##vso[task.setvariable variable=a]b', '# #vso[task.setvariable variable=a]b'],
  ['x ##VSO[a]b', 'x # #VSO[a]b'],
  ['##[error]x', '# #[error]x'],
  ['#\n#[error]x', '# #[error]x'],
  ['##\u0000[error]x', '## [error]x'],
  ['::error::x', 'error::x'],
  ['\n  ::add-mask::x', 'add-mask::x'],
  [':::set-output::x', 'set-output::x'],
  ['## heading', '## heading'],
])('%j', (text, harmless) => {
  expect(clean(text)).toBe(harmless);
});

test('deep down as well, and names of fields', () => {
  expect(cleanDeep({ a: ['\u001bx', { '::b': '##[c]' }], n: 1, z: null, t: true })).toEqual({
    a: [' x', { b: '# #[c]' }],
    n: 1,
    z: null,
    t: true,
  });
});
