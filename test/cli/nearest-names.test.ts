/** Which names are suggested for an image that no region has reported: similar ones, and none rather than others. */
import { expect, test } from 'vitest';
import { nearestNames } from '../../src/cli/nearest-names.ts';
import type { TrackerClient } from '../../src/cli/tracker-client.ts';

const known = [
  { repository: 'team/refused', tags: ['1.0.0'] },
  { repository: 'team/shop', tags: ['9.4.0', '2.4.0', '2.3.9'] },
  { repository: 'team/api', tags: ['prod', '2.0.0'] },
  { repository: 'team/api', tags: ['1.0.0'] },
  { repository: 'web/frontend', tags: ['v1'] },
  { repository: 'base', tags: [] },
];
const client = {
  get: async () => ({ ok: true, status: 200, body: { images: known }, retryAfterMs: undefined }),
} as unknown as TrackerClient;

test.each<[string, string[]]>([
  // A common beginning is no likeness.
  ['team/not-pushed:2.4.0', []],
  ['team/ship:2.4.0', ['team/shop:2.4.0', 'team/shop:9.4.0']],
  ['team/shop:2.4.1', ['team/shop:2.4.0', 'team/shop:9.4.0', 'team/shop:2.3.9']],
  // The repository is right: what it has is what may have been meant.
  ['team/api:latest', ['team/api:prod', 'team/api:2.0.0', 'team/api:1.0.0']],
  ['other/api:prod', ['team/api:prod']],
  ['web/frontent:v1', ['web/frontend:v1']],
  ['web/backend:v1', []],
  [`team/shp@sha256:${'0'.repeat(64)}`, ['team/shop']],
])('%s: %j', async (name, names) => {
  expect(await nearestNames(`contoso.azurecr.io/${name}`, client)).toEqual(names);
});
