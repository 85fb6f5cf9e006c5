/**
 * The topic stand-in on the host's own port, under `/local`: the app publishes there, people read the published events,
 * and a test can request an outage.
 */
import type { CloudEventDocument } from './cloud-event.ts';
import type { Mount } from './host/http.ts';
import { sendEmpty, sendJson, sendText } from './host/http-response.ts';
import { isObject, parseJson } from './json.ts';
import { readBody } from './read-body.ts';
import type { Topic } from './topic.ts';

export const TOPIC_PATH = '/local/topic/api/events';
const MAX_OUTAGE_BYTES = 1_024;

export function createTopicMount(topic: Topic): Mount {
  return {
    prefix: '/local',
    async handle({ request, response, path }) {
      const route = `${request.method} ${path.toLowerCase().replace(/\/$/, '')}`;
      if (route === `POST ${TOPIC_PATH}`) return topic.handle(request, response);
      if (route === 'POST /local/topic/outage') {
        const body = await readBody(request, MAX_OUTAGE_BYTES);
        const fault =
          body === 'tooLarge' ? 'The body is too large.' : applyOutage(topic, parseJson(body.toString('utf8')));
        return fault === undefined ? sendEmpty(response, 204) : sendText(response, 400, fault);
      }
      request.resume();
      return route === 'GET /local/events' ? sendJson(response, 200, topic.events) : sendEmpty(response, 404);
    },
  };
}

/** @returns what is wrong with the request, or `undefined` when it was applied */
function applyOutage(topic: Topic, content: unknown): string | undefined {
  if (!isObject(content))
    return 'The body must be a JSON object like {"status": 503, "seconds": 5} or {"delayMs": 2000}.';
  const { status, seconds, delayMs } = content;
  if (delayMs !== undefined) {
    if (typeof delayMs !== 'number' || !(delayMs >= 0))
      return 'delayMs must be a number of milliseconds; 0 ends the delay.';
    topic.delayBy(delayMs);
    if (status === undefined) return undefined;
  }
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 400 || status > 599) {
    return 'status must be an HTTP status from 400 to 599.';
  }
  if (typeof seconds !== 'number' || !(seconds >= 0)) return 'seconds must be a number; 0 ends the outage.';
  topic.failWith(status, seconds);
  return undefined;
}

/** One line for the terminal. */
export function formatEvent({ type, subject, id }: CloudEventDocument): string {
  return ['event', type, subject ?? '-', id].join(' ');
}
