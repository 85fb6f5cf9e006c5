/**
 * The settings in `host.json` that change what a caller sees: route prefix, time limit and queue processing. Checked
 * here because the real host refuses a bad value at start.
 */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { isObject, type JsonObject, parseJson } from '../json.ts';
import { parseTimeSpan } from './duration.ts';

export interface QueueSettings {
  readonly batchSize: number;
  readonly newBatchThreshold: number;
  readonly maxPollingIntervalMs: number;
  /** How long a message stays hidden after a failure. */
  readonly visibilityTimeoutMs: number;
  readonly maxDequeueCount: number;
  readonly messageEncoding: 'base64' | 'none';
}

export interface HostSettings {
  readonly routePrefix: string;
  /** `undefined`: no limit. */
  readonly functionTimeoutMs: number | undefined;
  readonly queues: QueueSettings;
}

const DEFAULT_TIMEOUT_MS = 30 * 60_000;

export async function readHostSettings(appDirectory: string): Promise<HostSettings> {
  const path = join(appDirectory, 'host.json');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Error(`${path}: cannot be read. Is this the folder of a built app?`, { cause });
  });
  const content = parseJson(text);
  if (!isObject(content)) throw new Error(`${path}: must hold a JSON object.`);
  return parseHostSettings(content, path);
}

export function parseHostSettings(content: JsonObject, path = 'host.json'): HostSettings {
  const fail = (name: string, reason: string, got: unknown): never => {
    throw new Error(`${path}: ${name} ${reason} (got ${JSON.stringify(got)}).`);
  };
  if (content.version !== '2.0') fail('version', 'must be "2.0"', content.version);
  const extensions = readSection(content, 'extensions');
  const http = readSection(extensions, 'http');
  const queues = readSection(extensions, 'queues');

  const readCount = (name: string, fallback: number, min: number, max: number): number => {
    const value = queues[name] ?? fallback;
    const isValid = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
    return isValid ? value : fail(`extensions.queues.${name}`, `must be a whole number from ${min} to ${max}`, value);
  };
  const readSpan = (section: JsonObject, name: string, label: string, fallback: number): number => {
    const value = section[name];
    if (value === undefined) return fallback;
    const span = typeof value === 'string' ? parseTimeSpan(value) : undefined;
    return span ?? fail(label, 'must be a time span like "00:00:30"', value);
  };

  const { routePrefix = 'api' } = http;
  const { messageEncoding = 'base64' } = queues;
  const isUnbounded = content.functionTimeout === '-1';
  const batchSize = readCount('batchSize', 16, 1, 32);
  return {
    routePrefix:
      typeof routePrefix === 'string'
        ? routePrefix
        : fail('extensions.http.routePrefix', 'must be a text', routePrefix),
    functionTimeoutMs: isUnbounded
      ? undefined
      : readSpan(content, 'functionTimeout', 'functionTimeout', DEFAULT_TIMEOUT_MS),
    queues: {
      batchSize,
      newBatchThreshold: readCount('newBatchThreshold', Math.floor(batchSize / 2) * availableParallelism(), 0, 1_000),
      maxPollingIntervalMs: readSpan(queues, 'maxPollingInterval', 'extensions.queues.maxPollingInterval', 60_000),
      visibilityTimeoutMs: readSpan(queues, 'visibilityTimeout', 'extensions.queues.visibilityTimeout', 0),
      maxDequeueCount: readCount('maxDequeueCount', 5, 1, 1_000_000),
      messageEncoding:
        messageEncoding === 'base64' || messageEncoding === 'none'
          ? messageEncoding
          : fail('extensions.queues.messageEncoding', 'must be "base64" or "none"', messageEncoding),
    },
  };
}

function readSection(parent: JsonObject, name: string): JsonObject {
  const section = parent[name];
  return isObject(section) ? section : {};
}
