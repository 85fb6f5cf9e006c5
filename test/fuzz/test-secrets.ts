/**
 * Secrets that can be recognized: each secret of the settings, and each wrong secret of a request, contains one word
 * that nothing else contains. If that word is in an answer or in the log, in any encoding, a secret has leaked.
 */
import { generateKeyPairSync } from 'node:crypto';

/** Letters only, so that no quoting or escaping changes it. */
export const mark = 'plantedsecret';

export interface TestSecrets {
  readonly webhookSecrets: readonly string[];
  readonly keys: {
    readonly master: string;
    readonly function: string;
    readonly eventgrid: string;
    readonly mcp: string;
  };
  readonly topicKey: string;
  readonly callbackKey: string;
  readonly githubWebhookSecret: string;
  readonly githubPrivateKey: string;
}

export function makeTestSecrets(): TestSecrets {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return {
    webhookSecrets: [`${mark}-webhook-first`, `${mark}-webhook-second`],
    keys: {
      master: `${mark}-key-master`,
      function: `${mark}-key-function`,
      eventgrid: `${mark}-key-eventgrid`,
      mcp: `${mark}-key-mcp`,
    },
    topicKey: `${mark}-topic-key`,
    callbackKey: Buffer.from(`${mark}-callback-key-000`.slice(0, 32).padEnd(32, '0')).toString('base64'),
    githubWebhookSecret: `${mark}-github-webhook`,
    githubPrivateKey: privateKey,
  };
}

/** What a caller without the right secret sends instead. A space at the end would make it right: HTTP drops it. */
export const wrongSecrets = [
  `${mark}-wrong`,
  `${mark}-webhook-firs`,
  `${mark}-webhook-first.`,
  `${mark}-webhook-first,${mark}-webhook-second`,
  `${mark}-key-function\u00e9`,
  `${mark}${'x'.repeat(4_000)}`,
];

/** In base64 a word has three forms, by where it begins. */
const markInBase64 = ['', ' ', '  '].map((before) =>
  Buffer.from(before + mark)
    .toString('base64')
    .slice(4, -4),
);

export interface Secrets {
  /** What was found; `undefined` if nothing. */
  leakIn(text: string): string | undefined;
  /** The same text, fit to be shown. */
  redact(text: string): string;
}

/** @param more secrets that cannot carry the mark, by name: the storage's key, a private key */
export function watchSecrets(testSecrets: TestSecrets, more: Readonly<Record<string, string>> = {}): Secrets {
  const body = testSecrets.githubPrivateKey.split('\n').filter((line) => line.length > 40);
  const fixed = Object.entries({
    ...more,
    'the callback key': testSecrets.callbackKey,
    'the private key': body[3] ?? '',
  });
  return {
    leakIn(text) {
      const lower = text.toLowerCase();
      const at = lower.indexOf(mark);
      if (at >= 0) return `a secret (${text.slice(at + mark.length, at + mark.length + 20).replace(/[^\w-].*$/s, '')})`;
      if (markInBase64.some((part) => text.includes(part))) return 'a secret, in base64';
      return fixed.find(([, secret]) => secret !== '' && text.includes(secret))?.[0];
    },
    redact(text) {
      const known = fixed.reduce((rest, [name, secret]) => rest.replaceAll(secret, `{${name}}`), text);
      return known.replaceAll(new RegExp(`${mark}[\\w-]*`, 'gi'), (found) => `{${found.slice(mark.length + 1)}}`);
    },
  };
}
