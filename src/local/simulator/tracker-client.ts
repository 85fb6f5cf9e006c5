/**
 * Calls the tracker's public HTTP interface as a pipeline does, and reads only the fields that the simulator compares.
 * Missing or invalid fields become null or empty; the caller judges them.
 */

/** What the tracker claims about one image. */
export interface Claim {
  state: string;
  digest: string | null;
  satisfied: boolean;
  /** `since`: when the tracker recorded it, ISO 8601; empty when it has not. */
  regions: readonly { region: string; state: string; expected: boolean; since: string }[];
  /** The digests that an index lists; null when the tracker could not read it. */
  members: readonly string[] | null;
  /** Whether the tracker knows all attachments of the requested kinds. */
  isAttachedKnown: boolean;
}

export interface WaitAnswer {
  status: number;
  claim: Claim;
}

export interface PublishedEvent {
  id: string;
  source: string;
  type: string;
  subject: string;
  /** The whole event, for display. */
  whole: unknown;
}

export interface TrackerClient {
  /** `GET /api/availability`. @param artifacts the kinds that must be attached and available */
  fetchClaim(image: string, artifacts?: string): Promise<Claim>;
  /** `GET /api/wait`: answers when the image is everywhere, or after the timeout. */
  wait(image: string, timeoutSeconds: number): Promise<WaitAnswer>;
  /** `PUT /api/releases/{name}`. */
  putRelease(name: string, images: readonly string[]): Promise<void>;
  /** `GET /local/events`: the CloudEvents published so far, oldest first. Only the local host has it. */
  fetchEvents(): Promise<PublishedEvent[]>;
}

/** @param functionKey sent as `x-functions-key`, where the tracker requires one */
export function createTrackerClient(url: string, functionKey?: string): TrackerClient {
  const headers = functionKey === undefined ? {} : { 'x-functions-key': functionKey };

  async function get(path: string, query: Record<string, string>, timeoutMs: number) {
    const address = new URL(path, url);
    address.search = new URLSearchParams(query).toString();
    const { status, text } = await ask(address, headers, timeoutMs);
    // 202, 409 and 410 are answers of /api/wait; any other status than 200 means that the tracker cannot be queried.
    if (![200, 202, 409, 410].includes(status)) {
      throw new Error(`GET ${path}: the tracker answered ${status} (${text.slice(0, 300)})`);
    }
    const document: unknown = JSON.parse(text);
    return { status, document };
  }

  return {
    async fetchClaim(image, artifacts) {
      const query = { image, ...(artifacts === undefined ? {} : { artifacts }) };
      return readClaim((await get('/api/availability', query, 10_000)).document);
    },
    async wait(image, timeoutSeconds) {
      const query = { image, timeout: String(timeoutSeconds) };
      const { status, document } = await get('/api/wait', query, (timeoutSeconds + 10) * 1_000);
      return { status, claim: readClaim(document) };
    },
    async putRelease(name, images) {
      const body = JSON.stringify({ images });
      const address = new URL(`/api/releases/${name}`, url);
      const { status, text } = await ask(address, { ...headers, 'content-type': 'application/json' }, 10_000, body);
      if (status !== 200 && status !== 201) {
        throw new Error(`PUT ${address.pathname}: the tracker answered ${status} (${text.slice(0, 300)})`);
      }
    },
    async fetchEvents() {
      const { document } = await get('/local/events', {}, 10_000);
      return Array.isArray(document) ? document.map(readEvent) : [];
    },
  };
}

/** @param body makes it a PUT */
async function ask(address: URL, headers: Record<string, string>, timeoutMs: number, body?: string) {
  const request = body === undefined ? {} : { method: 'PUT', body };
  try {
    const response = await fetch(address, { ...request, headers, signal: AbortSignal.timeout(timeoutMs) });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    throw new Error(`no answer from ${address.origin}${address.pathname}; is the tracker running (npm start)?`, {
      cause,
    });
  }
}

function readEvent(event: unknown): PublishedEvent {
  const { id, source, type, subject } = toFields(event);
  const [readId = '', readSource = '', readType = '', readSubject = ''] = [id, source, type, subject].map(String);
  return { id: readId, source: readSource, type: readType, subject: readSubject, whole: event };
}

function readClaim(document: unknown): Claim {
  const fields = toFields(document);
  const regions = Array.isArray(fields.regions) ? fields.regions.map(toFields) : [];
  const artifacts = Array.isArray(fields.artifacts) ? fields.artifacts.map(toFields) : [];
  return {
    members: Array.isArray(fields.members) ? fields.members.map((each) => String(toFields(each).digest)) : null,
    isAttachedKnown: artifacts.every(({ known }) => known !== false),
    state: String(fields.state ?? ''),
    digest: typeof fields.digest === 'string' ? fields.digest : null,
    satisfied: fields.satisfied === true,
    regions: regions.map((each) => ({
      region: String(each.region ?? ''),
      state: String(each.state ?? ''),
      expected: each.expected !== false,
      since: typeof each.since === 'string' ? each.since : '',
    })),
  };
}

function toFields(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? { ...value } : {};
}
