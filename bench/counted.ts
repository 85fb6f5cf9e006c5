/**
 * Counts round trips to the storage where the SDK is called, and how many of them had to follow one another. Time says
 * how fast this machine is; these say what a delivery costs on any machine, and on Azure, where each is paid for.
 */
export interface Counter {
  /** The same client, counted. */
  wrap<Client extends object>(client: Client): Client;
  /** Forgets everything so far. */
  reset(): void;
  /** Started since then. */
  readonly total: number;
  /** The longest chain of calls of which each began after the one before it had ended. */
  readonly inSequence: number;
  /** Resolves when nothing has been under way for a moment. */
  quiet(): Promise<void>;
}

/** Every one of them is one request, as they are used here: no list is longer than a page, nothing is retried. */
const roundTrips = new Set<string | symbol>([
  ...['createEntity', 'createTable', 'deleteEntity', 'getEntity', 'listEntities', 'submitTransaction'],
  ...['updateEntity', 'upsertEntity', 'createIfNotExists', 'sendMessage'],
]);
const momentMs = 25;

export function storageCounter(): Counter {
  let total = 0;
  let underWay = 0;
  let longest = 0;

  async function counted(work: () => unknown): Promise<unknown> {
    const place = longest + 1;
    total++;
    underWay++;
    try {
      return await work();
    } finally {
      underWay--;
      longest = Math.max(longest, place);
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
              longest++;
              return method(...values);
            };
          }
          return roundTrips.has(name) ? (...values: unknown[]) => counted(() => method(...values)) : method;
        },
      }),
    reset() {
      total = 0;
      longest = 0;
    },
    get total() {
      return total;
    },
    get inSequence() {
      return longest;
    },
    async quiet() {
      for (let before = -1; before !== total || underWay > 0; ) {
        before = total;
        await new Promise((resolve) => setTimeout(resolve, momentMs));
      }
    },
  };
}
