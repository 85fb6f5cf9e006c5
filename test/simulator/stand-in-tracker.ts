/**
 * A receiver that does the tracker's work in the simplest way, over real HTTP, so that the simulator can be tested
 * without the tracker. On request it makes the mistakes that the simulator has to find.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StandInTracker {
  url: string;
  requests: { path: string; authorization: string; contentType: string; body: string }[];
  stop(): Promise<void>;
}

export interface Mistakes {
  /** Claims all regions as soon as one has reported. */
  optimistic?: boolean;
  /** Answers 200 and does not store what this region reports. */
  deafTo?: string;
  status?: number;
  /** Publishes nothing. */
  publishesNothing?: boolean;
}

const RELEASED = 'AcrReplication.ReleaseAvailableInAllReplicas';
const AVAILABLE = 'AcrReplication.ImageAvailableInAllReplicas';

interface Known {
  timestamp: string;
  isThere: boolean;
}

export async function startStandInTracker(
  regions: readonly string[],
  mistakes: Mistakes = {},
): Promise<StandInTracker> {
  const requests: StandInTracker['requests'] = [];
  const known = new Map<string, Known>();
  const releases = new Map<string, string[]>();
  const tags = new Map<string, { timestamp: string; digest: string }>();

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = (status: number, document: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(document));
    };
    const body = Buffer.concat(chunks).toString();
    if (request.method === 'PUT') {
      releases.set(url.pathname.split('/').at(-1) ?? '', JSON.parse(body).images);
      return answer(201, {});
    }
    if (request.method === 'POST' && url.pathname === '/api/wait') {
      const asked = JSON.parse(body);
      const together = () => describeSeveral(asked.images);
      await until(() => together().satisfied, asked.timeout);
      return answer(together().satisfied ? 200 : 202, together());
    }
    if (request.method === 'POST') {
      const { authorization = '', 'content-type': contentType = '' } = request.headers;
      requests.push({ path: url.pathname, authorization, contentType, body });
      const region = url.pathname.split('/').at(-1) ?? '';
      if (mistakes.status === undefined && region !== mistakes.deafTo) record(region, JSON.parse(body));
      return answer(mistakes.status ?? 200, { outcome: 'recorded' });
    }
    if (url.pathname === '/api/registries') {
      return answer(200, { registries: [{ name: 'contoso', loginServer: 'contoso.azurecr.io' }] });
    }
    if (url.pathname === '/local/events') return answer(200, listEvents());
    const image = url.searchParams.get('image') ?? '';
    const isWaiting = url.pathname === '/api/wait';
    const asked = () => claim(image, url.searchParams.has('artifacts'));
    if (isWaiting) await until(() => asked().satisfied, url.searchParams.get('timeout'));
    answer(isWaiting && !asked().satisfied ? 202 : 200, asked());
  });

  async function until(isSo: () => boolean, seconds: unknown): Promise<void> {
    const giveUpAt = Date.now() + 1_000 * Number(seconds ?? 0);
    while (!isSo() && Date.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  function describeSeveral(names: readonly string[]) {
    const images = names.map((name) => claim(name));
    const satisfied = images.every((image) => image.satisfied);
    return { satisfied, state: satisfied ? 'available' : 'replicating', images };
  }

  function listEvents() {
    const tagged = [...tags].filter(([path]) => !path.endsWith('.sig'));
    const keys = new Set(
      tagged.map(([path, { digest }]) => `${path.slice(path.indexOf('/') + 1, path.lastIndexOf(':'))}@${digest}`),
    );
    const images = [...keys].filter(
      (key) => !mistakes.publishesNothing && claim(`contoso.azurecr.io/${key}`).satisfied,
    );
    const released = [...releases].filter(([, names]) => describeSeveral(names).satisfied);
    const subjects = [...images, ...released.map(([name]) => `releases/${name}`)];
    return subjects.map((subject) => ({
      id: `one ${subject}`,
      source: 'https://contoso.azurecr.io',
      type: subject.startsWith('releases/') ? RELEASED : AVAILABLE,
      subject,
      data: {},
    }));
  }

  function record(region: string, event: { action: string; timestamp: string; target?: Record<string, string> }): void {
    // A ping.
    if (event.target === undefined) return;
    const { repository, digest = '', tag = '' } = event.target;
    const path = `${region}/${repository}@${digest}`;
    const isNewFact = (known.get(path)?.timestamp ?? '') < event.timestamp;
    if (isNewFact) known.set(path, { timestamp: event.timestamp, isThere: event.action === 'push' });
    const tagPath = `${region}/${repository}:${tag}`;
    const isTagNews = (tags.get(tagPath)?.timestamp ?? '') < event.timestamp;
    if (tag !== '' && isTagNews) tags.set(tagPath, { timestamp: event.timestamp, digest });
  }

  function claim(image: string, isSigned = false) {
    const name = image.slice(image.indexOf('/') + 1).replace(/:[^:@]*@/, '@');
    const byTag = name.includes('@') ? undefined : regions.map((region) => tags.get(`${region}/${name}`)?.digest);
    const digest = byTag === undefined ? name.slice(name.indexOf('@') + 1) : (byTag.find((each) => each) ?? null);
    const repository = name.split(/[:@]/)[0];
    const signature = `${repository}:${String(digest).replace(':', '-')}.sig`;
    const isThere = (region: string) =>
      (known.get(`${region}/${repository}@${digest}`)?.isThere ?? false) &&
      (!isSigned || tags.has(`${region}/${signature}`));
    const isAnywhere = regions.some(isThere);
    const states = regions.map((region, index) => {
      const isSame = byTag === undefined || byTag[index] === digest;
      const isClaimed = mistakes.optimistic ? isAnywhere : isSame && isThere(region);
      return { region, state: isClaimed ? 'available' : 'missing', expected: true };
    });
    const satisfied = states.every(({ state }) => state === 'available');
    return { image, digest, satisfied, state: satisfied ? 'available' : 'replicating', regions: states };
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
