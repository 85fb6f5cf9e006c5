/** What the random requests reported with a right secret: only this may have changed what the tracker knows. */
import { parseJson } from './conformance.ts';
import type { RawRequest } from './draft.ts';
import type { Exchange } from './exchange.ts';

export interface Acknowledged {
  readonly registry: string;
  readonly region: string;
  readonly repository: string;
  readonly digest: string;
}

export interface Deliveries {
  note(request: RawRequest, exchange: Exchange): void;
  /** `repository@digest` of everything that was ever offered. */
  readonly offered: ReadonlySet<string>;
  /** What the tracker has acknowledged; the newest of each kind. */
  readonly acknowledged: readonly Acknowledged[];
}

const stored = ['recorded', 'duplicate', 'outdated'];

export function watchDeliveries(): Deliveries {
  const offered = new Set<string>();
  const acknowledged = new Map<string, Acknowledged>();
  return {
    note({ delivery, route }, { answers }) {
      if (delivery === undefined) return;
      const body = parseJson(Buffer.from(delivery.body.replace(/^\ufeff/, '')));
      const targets = [...targetsIn(body)];
      for (const { repository, digest } of targets) offered.add(`${repository}@${digest}`);
      const [only] = targets;
      const [, registry, region] = /^\/api\/webhooks\/([a-z]+)\/([a-z]+)$/.exec(delivery.target) ?? [];
      const { outcome } = (parseJson(answers[0]?.body ?? Buffer.alloc(0)) ?? {}) as { outcome?: string };
      if (!route.includes('/webhooks/{') || registry === undefined || region === undefined || only === undefined)
        return;
      if (answers[0]?.status !== 200 || !stored.includes(outcome ?? '')) return;
      acknowledged.set(JSON.stringify([registry, region, only]), { registry, region, ...only });
    },
    offered,
    get acknowledged() {
      return [...acknowledged.values()];
    },
  };
}

/** As deep as the app reads. */
function* targetsIn(value: unknown, depth = 0): Generator<{ repository: string; digest: string }> {
  if (typeof value !== 'object' || value === null || depth > 4) return;
  const { repository, digest } = value as Record<string, unknown>;
  if (typeof repository === 'string' && typeof digest === 'string') yield { repository, digest };
  for (const inner of Object.values(value)) yield* targetsIn(inner, depth + 1);
}
