/**
 * Counts round trips to the storage at the calls of the SDK, and how many of them followed one another. Time depends on
 * this machine; round trips are the cost of a delivery on any machine, and on Azure each is paid for.
 */
export interface Counter {
  /** Wraps a client so that its calls are counted. */
  wrap<Client extends object>(client: Client): Client;
  /** Sets all counters to zero. */
  reset(): void;
  /** Calls started since the reset. */
  readonly total: number;
  /** The longest chain of calls of which each began after the one before had ended. */
  readonly inSequence: number;
  /** Resolves when no call has been in flight for a moment. */
  quiet(): Promise<void>;
}

/** Each of these calls is one request as used here: no list is longer than a page, and nothing is retried. */
const roundTrips = new Set<string | symbol>([
  ...['createEntity', 'createTable', 'deleteEntity', 'getEntity', 'listEntities', 'submitTransaction'],
  ...['updateEntity', 'upsertEntity', 'createIfNotExists', 'sendMessage'],
]);
const momentMs = 25;

export function storageCounter(): Counter {
  let total = 0;
  let underWay = 0;
  let sequence = 0;

  async function counted(work: () => unknown): Promise<unknown> {
    const place = sequence + 1;
    total++;
    underWay++;
    try {
      return await work();
    } finally {
      underWay--;
      sequence = Math.max(sequence, place);
    }
  }

  return {
    wrap: (client) =>
      new Proxy(client, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== 'function') return member;
          const method = member.bind(target) as (...values: unknown[]) => unknown;
          if (name === 'listEntities') {
            return (...values: unknown[]) => {
              total++;
              sequence++;
              return method(...values);
            };
          }
          return roundTrips.has(name) ? (...values: unknown[]) => counted(() => method(...values)) : method;
        },
      }),
    reset() {
      total = 0;
      sequence = 0;
    },
    get total() {
      return total;
    },
    get inSequence() {
      return sequence;
    },
    async quiet() {
      for (let before = -1; before !== total || underWay > 0; ) {
        before = total;
        await new Promise((resolve) => setTimeout(resolve, momentMs));
      }
    },
  };
}
