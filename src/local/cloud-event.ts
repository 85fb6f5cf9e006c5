/**
 * Checks that a document is a CloudEvent 1.0 in JSON, as a topic does. The topic on Azure refuses a whole batch for one
 * bad event; a stand-in that accepted everything would hide that until the first deployment.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
import { isObject, type JsonObject } from './json.ts';

export interface CloudEventDocument extends JsonObject {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly specversion: '1.0';
  readonly subject?: string;
}

const REQUIRED = ['id', 'source', 'type'];
const OPTIONAL_TEXTS = ['subject', 'datacontenttype', 'dataschema', 'data_base64'];
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

/** @returns the fault in one sentence that names the place, or `undefined` */
export function findEventFault(event: unknown, place: string): string | undefined {
  if (!isObject(event)) return `${place}: an event must be a JSON object`;
  const empty = REQUIRED.find((name) => typeof event[name] !== 'string' || event[name] === '');
  if (empty !== undefined) return `${place}.${empty}: must be a text that is not empty`;
  if (event.specversion !== '1.0') return `${place}.specversion: must be "1.0"`;
  const notText = OPTIONAL_TEXTS.find((name) => event[name] !== undefined && typeof event[name] !== 'string');
  if (notText !== undefined) return `${place}.${notText}: must be a text`;
  const { time } = event;
  if (time !== undefined && !(typeof time === 'string' && TIME.test(time) && !Number.isNaN(Date.parse(time)))) {
    return `${place}.time: must be an RFC 3339 time`;
  }
  if (event.data !== undefined && event.data_base64 !== undefined) return `${place}: has both data and data_base64`;
  const badName = Object.keys(event).find((name) => name !== 'data_base64' && !/^[a-z0-9]+$/.test(name));
  return badName === undefined ? undefined : `${place}.${badName}: attribute names are lower-case letters and digits`;
}
