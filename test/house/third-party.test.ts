/** What stands in the repository of other people's code is what its package holds, and comes with its licence. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { bundleYaml } from '../../scripts/third-party.ts';

const root = new URL('../../', import.meta.url);

test('the parser of YAML is made from the package that is installed: else run npm run third-party', async () => {
  const committed = await readFile(new URL('src/cli/third-party/yaml.mjs', root), 'utf8');
  expect(committed === (await bundleYaml(root))).toBe(true);
  expect(committed).toContain('Permission to use, copy, modify, and/or distribute');
});
