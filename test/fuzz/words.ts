/**
 * Values that somebody who knows this tracker would put into each field: without valid values every request would be
 * refused at the first check, and the code behind it would stay untested. Few of each, so that requests use each
 * other's images.
 */
import fc from 'fast-check';

/** The world of the app under test. */
export const registries = ['contoso', 'fabrikam'] as const;
export const regions = ['eastus', 'westeurope', 'southeastasia'] as const;
/** Reported, although not expected. */
const otherRegions = ['mars', 'brazilsouth'];

export const digestOf = (number: number) => `sha256:${number.toString(16).padStart(64, '0')}`;
/** Only images of this repository may be changed by the random requests; those of others are read, and must stay. */
export const fuzzRepositories = ['fuzz/app', 'fuzz/constructor', 'fuzz/to-string', 'fuzz/a__proto__b'];
export const truthRepository = 'truth/app';
/** Few, so that releases that are created are also read, waited for and deleted. That of `truth.ts` is none of them. */
export const fuzzReleases = ['shop-2.4', 'a', 'constructor', 'tostring'];
export const truthRelease = 'truth-1';
const tags = ['v1', 'latest', '__proto__', 'constructor', 'toString', 'hasOwnProperty'];

const loginServer = (registry: string) => `${registry}.azurecr.io`;
const one = <T>(values: readonly T[]) => fc.constantFrom(...values);
const digest = fc.integer({ min: 1, max: 40 }).map(digestOf);

const host = fc.oneof(
  { weight: 6, arbitrary: one(registries).map(loginServer) },
  { weight: 1, arbitrary: fc.constant('contoso.eastus.geo.azurecr.io') },
  {
    weight: 1,
    arbitrary: one(['CONTOSO.azurecr.io', 'unknown.azurecr.io', 'docker.io', 'constructor.azurecr.io:443']),
  },
);

export const reference = fc
  .tuple(host, one([...fuzzRepositories, truthRepository, 'never/seen']), fc.option(one(tags)), fc.option(digest))
  .map(([server, repository, tag, named]) => {
    const tail = `${tag === null ? '' : `:${tag}`}${named === null ? '' : `@${named}`}`;
    return `${server}/${repository}${tail}`;
  });

const region = fc.oneof(
  { weight: 6, arbitrary: one<string>(regions) },
  { weight: 1, arbitrary: one([...otherRegions, 'East US', 'EASTUS', '__proto__', 'constructor', 'tostring']) },
);
const instants = ['2026-06-01T12:00:00Z', '2026-06-01T12:00:00.123+02:00', '2026-06-01T12:22:06.900123456Z'];
const oddInstants = ['1970-01-01T00:00:00Z', '2999-12-31T23:59:59Z', '+275760-09-13T00:00:00Z', '2026-02-30T00:00:00Z'];
const time = fc.oneof({ weight: 6, arbitrary: one(instants) }, { weight: 1, arbitrary: one(oddInstants) });

const good: Readonly<Record<string, fc.Arbitrary<string>>> = {
  image: reference,
  images: reference,
  regions: fc.array(one(regions), { minLength: 1, maxLength: 4 }).map((some) => some.join(',')),
  require: one(['all', 'any', '1', '2', '3']),
  registry: fc.oneof(
    { weight: 8, arbitrary: one<string>(registries) },
    { weight: 1, arbitrary: one(['contoso.azurecr.io', 'CONTOSO', 'unknown']) },
  ),
  repository: one(fuzzRepositories),
  region,
  location: region,
  name: one(fuzzReleases),
  release: one(fuzzReleases),
  artifacts: one(['signature', 'sbom', 'attestation', 'signature,sbom', 'application/vnd.example.report']),
  platforms: one(['linux/amd64', 'linux/arm64', 'linux/arm64/v8,windows/amd64']),
  timeout: one(['0', '0.05', '0.2', '1']),
  limit: one(['1', '50', '500']),
  cursor: one(['MA', 'e30', 'eyJ4IjoxfQ', 'A'.repeat(1_000)]),
  replay: one(['0123456789abcdef0123-1', '0123456789abcdef0123-zzzzzzzzzzzz']),
  since: time,
  until: time,
  timestamp: time,
  eventTime: time,
  eventTimestamp: time,
  firedDateTime: time,
  impactStartTime: time,
  id: one(['1', 'a-delivery', 'e3b1', '__proto__']),
  action: one(['push', 'push', 'push', 'delete', 'ping', 'quarantine', 'requested']),
  digest,
  tag: one(tags),
  mediaType: one(['application/vnd.oci.image.manifest.v1+json', 'application/vnd.oci.image.index.v1+json']),
  source: one(['/subscriptions/s/providers/Microsoft.ContainerRegistry/registries/contoso']),
  topic: one(['/subscriptions/s/providers/Microsoft.ContainerRegistry/registries/contoso']),
  host: one(['contoso.azurecr.io', 'contoso.eastus.geo.azurecr.io']),
  ProjectId: one(['p-1', '0b2c']),
  HubName: one(['checks', 'build']),
  PlanId: one(['plan-1', 'plan-2']),
  JobId: one(['job-1', 'job-2']),
  TimelineId: one(['t-1']),
  TaskInstanceId: one(['task-1', 'task-2']),
  'X-GitHub-Event': one(['deployment_protection_rule', 'deployment_protection_rule', 'ping', 'push']),
  'X-GitHub-Delivery': one(['delivery-1', 'delivery-2']),
  environment: one(['production', '__proto__']),
  full_name: one(['owner/shop']),
  sha: one(['0123abc']),
  ref: one(['main', '__proto__']),
};

/** Valid values by the name of the field, in any place; `undefined` for other names. */
export type Vocabulary = (name: string) => fc.Arbitrary<string> | undefined;

/** @param callbackOrigin where verdicts may be sent */
export function vocabulary(callbackOrigin: string): Vocabulary {
  const run = `${callbackOrigin}/api/v3/repos/owner/shop/actions/runs/1/deployment_protection_rule`;
  const all: typeof good = {
    ...good,
    PlanUrl: one([`${callbackOrigin}/organisation/`, `${callbackOrigin}/a%20b`]),
    deployment_callback_url: one([run]),
  };
  return (name) => (Object.hasOwn(all, name) ? all[name] : undefined);
}
