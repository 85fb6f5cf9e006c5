/** The schema of the availability document, for the OpenAPI description and for the tests of real answers. */
import * as z from 'zod';
import { instant, named } from '../http/route.ts';

const evidence = ['webhook', 'eventGrid', 'probe', 'deepProbe', 'deliveryLog', 'membersUnknown'] as const;

const region = () =>
  z.object({
    region: z.string(),
    state: z
      .enum(['available', 'unverified', 'missing', 'deleted'])
      .describe('`unverified`: reported, and not yet confirmed by the replica; it does not count.'),
    required: z.boolean().describe('Whether the requirement names it.'),
    expected: z.boolean().describe('Waited for by default.'),
    since: instant().nullable().describe('When the tracker learned this state.'),
    eventTime: instant()
      .nullable()
      .describe('The time in the newest event about this state, by the clock of the region.'),
    lagSeconds: z
      .number()
      .min(0)
      .nullable()
      .describe(
        'Time from the first region that had it to this one; null where that is not known: while it is not there, and for an index that some region has deleted. An upper bound if the first `evidence` is `probe`, `deepProbe` or `deliveryLog`.',
      ),
    evidence: z
      .array(z.enum(evidence))
      .describe(
        'How the tracker knows, in the order in which it learned it. `membersUnknown`: only reports of the index itself count, since its members are not known.',
      ),
    globalRouting: z.boolean().describe('Whether the global endpoint routes to this replica.'),
  });

const member = () =>
  z.object({
    digest: z.string(),
    kind: z.enum(['platform', 'attestation', 'artifact']),
    platform: z.string().nullable().describe('Such as `linux/arm64`.'),
    artifactType: z.string().nullable(),
    missing: z.array(z.string()).describe('Required regions that do not have it.'),
  });

const artifact = () =>
  z.object({
    kind: z.string().describe('As asked.'),
    known: z.boolean().describe('Whether it is known what is attached.'),
    missing: z.array(z.string()).describe('Required regions that lack one of them, or have none.'),
  });

const tag = () =>
  z.object({
    name: z.string(),
    state: z
      .enum(['converged', 'converging', 'diverged', 'unknown'])
      .describe(
        '`converging`: some regions have not reported the newest digest yet. `diverged`: a region has resolved the tag to another digest for longer than `DELAYED_AFTER_SECONDS`. While the image is being deleted, the tag stays `converging` and is then `unknown`: read the `state` of the image and of its regions.',
      ),
    regions: z.array(
      z.object({
        region: z.string(),
        digest: z.string(),
        since: instant().describe(
          'When the tracker learned of the image there, or when the tag was pushed there, if that was later.',
        ),
      }),
    ),
  });

const replicas = () =>
  z.object({
    source: z.enum(['arm', 'settings', 'remembered']),
    refreshedAt: instant(),
    stale: z.boolean().describe('Not refreshed for more than an hour.'),
  });

const fields = () => ({
  image: z.string().describe('By digest as soon as it is known.'),
  registry: z.string().describe('Login server.'),
  repository: z.string(),
  digest: z.string().nullable().describe('For a tag alone: the newest digest pushed for it, null while unknown.'),
  mediaType: z.string().nullable(),
  members: z
    .array(member())
    .nullable()
    .describe('What an index lists, with what the indexes in it list; null while that is not known.'),
  membersKnown: z.boolean(),
  memberOf: z.array(z.string()).optional().describe('Of a member: digests of the indexes that list it.'),
  subject: z.string().optional().describe('Of an artifact: the digest of the manifest that it is attached to.'),
  artifacts: z.array(artifact()).optional().describe('Present when the question asked for artifacts.'),
  bytes: z
    .int()
    .min(0)
    .nullable()
    .describe('Config and layers together, of an index those of all its members; null where that is not known.'),
  state: z
    .enum(['unknown', 'replicating', 'available', 'deleting', 'deleted'])
    .describe('Over all expected regions. `satisfied` says whether the requirement is met.'),
  missing: z.array(z.string()).describe('Required regions that do not have it.'),
  regions: z.array(region()).describe('Alphabetical: every expected region, and every other that has reported.'),
  tags: z
    .array(z.string())
    .describe('Tags that point at this digest now; of a deleted image, those that did until then.'),
  tag: tag().optional().describe('Present when the question named a tag.'),
  firstSeenAt: instant().nullable(),
  availableAt: instant().nullable().describe('When every expected region had it.'),
  announcedAt: instant().nullable().describe('When the topic accepted that event.'),
  delayed: z.boolean(),
  replicas: replicas().describe('The replica set that this answer rests on.'),
});

export const availabilityDocument = named('AvailabilityDocument', () =>
  z.object({
    ...fields(),
    satisfied: z.boolean().describe('Whether the requirement is met: may I pull now?'),
    requirement: z.object({
      regions: z.array(z.string()),
      require: z.union([z.enum(['all', 'any']), z.int().min(1)]),
      needed: z.int().min(1),
      have: z.int().min(0),
    }),
  }),
);
