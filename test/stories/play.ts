/** Plays one story against the world and records what happens. */
import { setTimeout as pause } from 'node:timers/promises';
import { resourceIdOf } from './arm.ts';
import { typeOf } from './families.ts';
import type {
  AvailabilityDocument,
  AvailabilityQuery,
  EventList,
  ExpectedSets,
  History,
  ImageList,
  Odd,
  ReleaseCall,
  Report,
} from './history.ts';
import { fetchOdd, odds } from './odds.ts';
import type { Asking, Plan, Step } from './plan.ts';
import type { ReleaseCalling } from './release-story.ts';
import { delayedAfterSeconds, home, processes, regions, type World, webhookSecret } from './world.ts';

export interface Player {
  /** Resolves when every step is done and every answer is in. */
  play(startAt: number): Promise<void>;
  /** Everything works again: from now on what was acknowledged must show. */
  setQuiet(): void;
  /** Asks every process about everything. @param withWaits also what a wait answers at its end */
  askAll(withWaits: boolean): Promise<void>;
  history(): History;
}

export function playerOf(world: World, plan: Plan, seed: number): Player {
  const reports: Report[] = [];
  const questions: AvailabilityQuery[] = [];
  const answered: Odd[] = [];
  const eventLists: EventList[] = [];
  const releases: ReleaseCall[] = [];
  const imageLists: ImageList[] = [];
  const releaseName = `story-${plan.story}`;
  const expected: ExpectedSets[] = [{ from: 0, possible: [plan.kind === 'single' ? [home] : regions] }];
  const loginServer = world.loginServerOf(plan.registry);
  let startedAt = 0;
  let quietAt = Number.POSITIVE_INFINITY;
  for (const { digest, manifest } of plan.manifests) world.manifests.set(digest, manifest);

  async function fetchFrom(process: number, path: string, timeoutMs: number, init: RequestInit = {}) {
    const origin = world.url(process);
    const askedAt = Date.now();
    let status: number | null = null;
    let text = '';
    let retryAfter: string | null = null;
    try {
      if (origin === undefined) throw new Error('the process is down');
      const response = await fetch(`${origin}${path}`, { ...init, signal: AbortSignal.timeout(timeoutMs) });
      text = await response.text();
      status = response.status;
      retryAfter = response.headers.get('retry-after');
    } catch {
      // No answer is an outcome: the judge decides whether there was a reason for it.
    }
    return { askedAt, answeredAt: Date.now(), status, text, retryAfter };
  }

  async function report(step: Step & { do: 'report' }): Promise<void> {
    const { region, action, digest, tag, id, process } = step.report;
    const eventTime = startedAt + step.eventMs;
    const body = JSON.stringify({
      id,
      // The registry writes seven digits.
      timestamp: new Date(eventTime).toISOString().replace('Z', '0000Z'),
      action: action === 'push' ? 'push' : 'delete',
      target: {
        ...(digest !== null && { mediaType: typeOf(world.manifests.get(digest)), digest }),
        ...(action === 'push' && { size: 524, length: 524 }),
        repository: plan.repository,
        ...(tag !== null && { tag }),
      },
      request: { id: `request-of-${id}`, host: loginServer, method: action === 'push' ? 'PUT' : 'DELETE' },
    });
    const headers = { authorization: `Bearer ${webhookSecret}`, 'content-type': 'application/json' };
    const path = `/api/webhooks/${plan.registry}/${region}`;
    const entry = { ...step.report, eventTime, sentAt: Date.now() };
    const index = reports.push({ ...entry, answeredAt: null, status: null, outcome: null, warning: null }) - 1;
    const { status, text, answeredAt } = await fetchFrom(process, path, 20_000, { method: 'POST', headers, body });
    const { outcome = null, warning = null } = parse<{ outcome?: string; warning?: string }>(text) ?? {};
    reports[index] = { ...entry, answeredAt: status === null ? null : answeredAt, status, outcome, warning };
  }

  async function ask(asking: Asking, atEnd: boolean): Promise<void> {
    const { route, tag, digest, regions: asked, require, timeoutSeconds, process } = asking;
    const query = new URLSearchParams({
      image: `${loginServer}/${plan.repository}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`,
      ...(asked !== null && { regions: asked.join(',') }),
      ...(require !== 'all' && { require: String(require) }),
      ...(route === 'wait' && { timeout: String(timeoutSeconds) }),
    });
    const answer = await fetchFrom(process, `/api/${route}?${query}`, (timeoutSeconds + 30) * 1_000);
    const document = parse<AvailabilityDocument>(answer.text);
    const { askedAt, answeredAt, status, retryAfter } = answer;
    const isDocument = document !== null && Array.isArray(document.regions) && document.requirement !== undefined;
    questions.push({
      ...asking,
      askedAt,
      answeredAt,
      status,
      retryAfter,
      document: isDocument ? document : null,
      atEnd,
    });
  }

  async function askOdd(number: number, process: number): Promise<void> {
    const odd = odds[number % odds.length];
    const origin = world.url(process);
    if (odd === undefined || origin === undefined) return;
    const askedAt = Date.now();
    let status: number | null = null;
    let body = '';
    try {
      const response = await fetchOdd(origin, odd, AbortSignal.timeout(30_000));
      status = response.status;
      body = await response.text();
    } catch {
      // As above.
    }
    const { what, sentence } = odd;
    answered.push({
      what,
      sentence,
      askedAt,
      answeredAt: Date.now(),
      status,
      body,
      process,
      wantStatus: odd.status,
      wantText: odd.text ?? null,
    });
  }

  async function callRelease(calling: ReleaseCalling): Promise<void> {
    const { call, images, timeoutSeconds, process } = calling;
    const path = `/api/releases/${releaseName}${call === 'wait' ? `/wait?timeout=${timeoutSeconds}` : ''}`;
    const body = JSON.stringify({ images: images.map((digest) => `${loginServer}/${plan.repository}@${digest}`) });
    const init =
      call === 'put'
        ? { method: 'PUT', headers: { 'content-type': 'application/json' }, body }
        : { method: call === 'delete' ? 'DELETE' : 'GET' };
    const answer = await fetchFrom(process, path, (timeoutSeconds + 30) * 1_000, init);
    const document = parse<NonNullable<ReleaseCall['document']>>(answer.text);
    const { askedAt, answeredAt, status } = answer;
    const isDocument = document !== null && Array.isArray(document.images);
    releases.push({ ...calling, askedAt, answeredAt, status, document: isDocument ? document : null });
  }

  async function askImages(): Promise<void> {
    const query = new URLSearchParams({ registry: plan.registry, repository: plan.repository, limit: '500' });
    const { askedAt, status, text } = await fetchFrom(0, `/api/images?${query}`, 20_000);
    const listed = parse<{ images?: { digest: string }[] }>(text)?.images ?? [];
    imageLists.push({ askedAt, status, digests: listed.map(({ digest }) => digest) });
  }

  async function act(step: Step): Promise<void> {
    const arm = world.arm.registries.get(plan.registry);
    switch (step.do) {
      case 'report':
        return report(step);
      case 'ask':
        return ask(step.question, false);
      case 'release':
        return callRelease(step.release);
      case 'odd':
        return askOdd(step.odd, step.process);
      case 'content': {
        const holds = world.endpoints.get(step.region)?.holds;
        for (const key of holds?.keys() ?? [])
          if (key.startsWith(`${plan.repository}@`) || key.startsWith(`${plan.repository}:`)) holds?.delete(key);
        for (const [key, digest] of Object.entries(step.holds)) holds?.set(key, digest);
        return;
      }
      case 'endpoint':
        return void world.endpoints.get(step.region)?.faults.set(plan.repository, step.fault);
      case 'arm':
        if (arm !== undefined) arm.fault = step.fault;
        return;
      case 'replica': {
        const grown = [home, step.region].sort();
        expected.push({ from: Date.now(), possible: [[home], grown] });
        if (arm !== undefined) arm.replications = grown;
        return;
      }
      case 'replay': {
        const image = `${loginServer}/${plan.repository}@${step.digest}`;
        const init = {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ image }),
        };
        await fetchFrom(step.process, '/api/events/replay', 20_000, init);
      }
    }
  }

  async function askEvents(digest: string, process: number): Promise<void> {
    const image = encodeURIComponent(`${loginServer}/${plan.repository}@${digest}`);
    const { askedAt, status, text } = await fetchFrom(process, `/api/events?image=${image}`, 20_000);
    const events = parse<{ events?: EventList['events'] }>(text)?.events ?? [];
    eventLists.push({ digest, process, askedAt, status, events });
  }

  const all = <T>(work: (process: number) => Promise<T>) =>
    Promise.all(Array.from({ length: processes }, (_, process) => work(process)));

  return {
    async play(startAt) {
      startedAt = startAt;
      await Promise.all(
        plan.steps.map(async (step) => {
          await pause(startedAt + step.at - Date.now());
          await act(step);
        }),
      );
    },
    setQuiet() {
      quietAt = Date.now();
    },
    async askAll(withWaits) {
      const digests = [...new Set(reports.flatMap(({ digest }) => digest ?? []))];
      const tags = [...new Set(reports.flatMap(({ tag }) => tag ?? []))];
      if (plan.families.length > 0) await askImages();
      if (plan.kind === 'release')
        await all((process) => callRelease({ call: 'get', images: [], timeoutSeconds: 0, process }));
      const plain = { regions: null, require: 'all', timeoutSeconds: 0, route: 'availability' } as const;
      if (plan.canProbe && !withWaits) {
        const asking = { ...plain, route: 'wait', timeoutSeconds: 4, tag: null, process: 0 } as const;
        await Promise.all(digests.map((digest) => ask({ ...asking, digest }, true)));
      }
      await all(async (process) => {
        for (const digest of digests) {
          await ask({ ...plain, digest, tag: null, process }, true);
          await askEvents(digest, process);
        }
        for (const tag of tags) await ask({ ...plain, digest: null, tag, process }, true);
        if (!withWaits) return;
        for (const digest of digests) {
          await ask({ ...plain, route: 'wait', digest, tag: null, process }, true);
          for (const tag of tags) await ask({ ...plain, route: 'wait', digest, tag, process }, true);
        }
      });
    },
    history: () => ({
      seed,
      story: plan.story,
      kind: plan.kind,
      registry: plan.registry,
      source: /^(armed|single)/.test(plan.registry) ? resourceIdOf(plan.registry) : `https://${loginServer}`,
      repository: plan.repository,
      canProbe: plan.canProbe,
      delayedAfterSeconds,
      startedAt,
      quietAt,
      expected,
      families: plan.families,
      releases,
      releaseEvents: world.topic.published.filter(({ event }) => event.subject === `releases/${releaseName}`),
      imageLists,
      reports,
      questions,
      odds: answered,
      eventLists,
      published: world.topic.published.filter(({ event }) => isOf(event.data, loginServer, plan.repository)),
      served: [...world.endpoints.values()].flatMap(({ served }) =>
        served.filter((one) => one.repository === plan.repository),
      ),
      faults: world.faults,
      content: plan.canProbe ? contentOf(world, plan.repository) : [],
    }),
  };
}

function contentOf(world: World, repository: string): History['content'] {
  return [...world.endpoints].flatMap(([region, { holds }]) =>
    [...holds].flatMap(([key, digest]) => (key === `${repository}@${digest}` ? [{ region, digest }] : [])),
  );
}

function isOf(data: unknown, registry: string, repository: string): boolean {
  const { registry: one, repository: other } = (data ?? {}) as { registry?: unknown; repository?: unknown };
  return one === registry && other === repository;
}

function parse<T>(text: string): T | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? (value as T) : null;
  } catch {
    return null;
  }
}
