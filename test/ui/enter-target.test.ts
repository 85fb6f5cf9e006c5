/** What Enter in the search opens: one image, or nothing while there is a choice. */
import { expect, test } from 'vitest';
import { enterTarget, isWholeReference } from '../../src/ui/enter-target.ts';
import { digestOf } from '../support/build.ts';

const listed = (number: number, repository: string, ...tags: string[]) => ({
  ...{ registry: 'contoso.azurecr.io', repository, digest: digestOf(number), tags },
  image: `contoso.azurecr.io/${repository}@${digestOf(number)}`,
});
const app = listed(1, 'team/app', '1.2');
const api = listed(2, 'team/api', '1.2', 'prod');
const own = 'contoso.azurecr.io/';

test.each<[string, string | undefined, (typeof app)[], boolean, string | undefined]>([
  ['the only row, where the text is a part of its name', `${own}app:1.2`, [app], true, app.image],
  ['the only row of a part of a digest or a name', undefined, [app], true, app.image],
  ['no row, where there are several', undefined, [app, api], true, undefined],
  ['no row, where there may be more', undefined, [app], false, undefined],
  ['nothing, where only rows with another name are found', `${own}i:1.2`, [app, api], true, undefined],
  ['the name that is typed, where a row has it', `${own}team/api:prod`, [api, app], false, `${own}team/api:prod`],
  ['the digest that is typed', `${own}team/api@${digestOf(2)}`, [api], true, `${own}team/api@${digestOf(2)}`],
  ['an unknown name, where nothing is found', `${own}team/new:1`, [], true, `${own}team/new:1`],
  ['nothing, where nothing is found of a part', undefined, [], true, undefined],
])('%s', (_title, typed, found, isAll, target) => {
  expect(enterTarget(typed, found, isAll)).toBe(target);
});

test.each([
  ['contoso.azurecr.io/team/app:1.2', true],
  ['docker pull localhost:5000/app:1.2', true],
  ['team/app:1.2', false],
  ['app:1.2', false],
])('%s names its registry: %s', (text, isWhole) => {
  expect(isWholeReference(text)).toBe(isWhole);
});
