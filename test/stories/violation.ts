/** One broken sentence of the contract. */
export interface Violation {
  /** A short name of the kind, equal for equal faults. */
  readonly rule: string;
  /** The words of the contract. */
  readonly sentence: string;
  readonly at: number;
  readonly what: string;
}

export const sentences = {
  yes: 'section 1: "A region counts … only if … the digest is there"; "no wrong yes"',
  no: 'section 1, Fresh, and section 2: "200 at once if it is already met"; 2xx is only sent after a durable write, so what was acknowledged is known',
  deleted: 'section 1: "no wrong gone"; `deleting`: gone from some, `deleted`: gone from all that had it',
  unnamedDelete:
    'section 2: a delete without a digest makes what is known of it in that region doubtful … the region counts again once it is seen to be there',
  expected:
    'section 1: "A replica leaves the expected set … only on proof … A list that lacks it, an empty list, `Failed` … are no proof. The home region never leaves."',
  shape:
    'section 1: regions in alphabetical order, `missing` too; `satisfied` is about the requirement; `missing` lists the required regions that lack it',
  state: 'section 1: `state` is about every expected region',
  tag: 'section 1: "A region counts for a tag question only if its tag points at that digest **and** the digest is there"; `digest` is the newest digest pushed for that tag in any region',
  order:
    'section 1: "Order of two digests of a tag is known only where one region has told of both. Until then nobody is told that either is superseded, no wait is answered 409"',
  refusal:
    'section 2: "409 and 410 are answered only once it has been so for 30 s of the wait, or at the end of its `timeout`"',
  wait: 'section 2, Wait: holds the request until the requirement is met or `timeout` ends; 202 carries `Retry-After` and the document',
  answer: 'section 2: a question about a known registry is answered; 503 only while the storage cannot be read',
  webhook: 'section 2, Webhooks: the outcome; "The answer always comes within 4 s"',
  warning:
    'section 2: "A region not in the expected set is recorded … and the answer carries "warning" that names the expected regions"',
  event: 'section 3: CloudEvents 1.0, `source`, subject, `generation`, `region`, `durationSeconds`',
  early: 'section 3: told when every required region has it; "no wrong yes"',
  id: 'section 3: "the same fact always has the same `id`"; once per generation',
  lost: 'section 3: "At least once, never zero times"',
  agree: 'section 1: one dependable answer: at rest every instance gives the same',
  delayed:
    'section 3: `ReplicationDelayed`: still missing somewhere after `DELAYED_AFTER_SECONDS`; carries the missing regions',
  probe:
    'section 2, Wait: "looked up at the replicas themselves where probing is on"; section 4: `PROBE_AFTER_SECONDS`',
  family:
    'section 6: "A region has an index only if it has the index **and every manifest it lists** … Deleting a member takes the family away from that region"; `members` in the document',
  members:
    'section 6: "One event, one alarm, one row: members are not told, delayed, forwarded or listed by themselves"',
  release: 'section 7: a release, its revisions, its statuses and its events',
  list: 'section 2: `GET /api/events`: what was published for this image, when, and whether delivery to the topic succeeded',
} as const;
