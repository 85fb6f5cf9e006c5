/** Where the verdicts of checks go, what seals their tokens, and the GitHub App that speaks: `CALLBACK_*`, `GITHUB_*`. */
import { createPrivateKey } from 'node:crypto';
import type { CallbackOrigins } from '../core/checks/callback-origins.ts';
import { defaultCallbackOrigins, parseCallbackOrigins } from '../core/checks/callback-origins.ts';
import { parseImageTemplate } from '../core/checks/image-template.ts';
import { parseSealingKey } from '../core/checks/sealing.ts';
import type { Fault, Get } from './values.ts';
import { show } from './values.ts';

export interface CallbackConfig {
  readonly origins: CallbackOrigins;
  /** 32 bytes; without it there are no checks. */
  readonly key: Uint8Array | undefined;
}

export interface GithubConfig {
  readonly webhookSecret: string;
  readonly appId: string;
  /** PEM. */
  readonly privateKey: string;
  /** Names the image of a deployment that does not: `contoso.azurecr.io/{owner}/{repo}:{sha}`. */
  readonly imageTemplate: string | undefined;
}

export function readCallbacks(get: Get, fault: Fault): CallbackConfig {
  const origins = parseCallbackOrigins(get('CALLBACK_ORIGINS') ?? defaultCallbackOrigins);
  if (!origins.ok) for (const { field, reason } of origins.problems) fault(field, reason);
  const text = get('CALLBACK_KEY');
  const key = text === undefined ? undefined : parseSealingKey(text);
  if (text !== undefined && key === undefined) {
    fault('CALLBACK_KEY', 'must be 32 bytes in base64, as "openssl rand -base64 32" makes them (got something else)');
  }
  return { origins: origins.ok ? origins.value : [], key };
}

/** All three, or none: half a GitHub App approves nothing. */
export function readGithub(get: Get, fault: Fault): GithubConfig | undefined {
  const webhookSecret = get('GITHUB_WEBHOOK_SECRET');
  const appId = get('GITHUB_APP_ID');
  const pem = get('GITHUB_APP_PRIVATE_KEY');
  const imageTemplate = readTemplate(get('GITHUB_IMAGE_TEMPLATE'), fault);
  if (webhookSecret === undefined && appId === undefined && pem === undefined) return undefined;
  const needed = { GITHUB_WEBHOOK_SECRET: webhookSecret, GITHUB_APP_ID: appId, GITHUB_APP_PRIVATE_KEY: pem };
  for (const [name, value] of Object.entries({ ...needed, CALLBACK_KEY: get('CALLBACK_KEY') })) {
    if (value === undefined) fault(name, 'is required when checks for GitHub are on (got nothing)');
  }
  if (webhookSecret !== undefined && webhookSecret.length < 16) {
    fault('GITHUB_WEBHOOK_SECRET', `must have at least 16 characters (got ${webhookSecret.length})`);
  }
  if (appId !== undefined && !/^[A-Za-z0-9._-]{1,64}$/.test(appId)) {
    fault('GITHUB_APP_ID', `must be the id or the client id of the GitHub App (got ${show(appId)})`);
  }
  const privateKey = pem === undefined ? '' : readPem(pem);
  if (pem !== undefined && !isRsaKey(privateKey)) {
    const reason = 'must be the private key of the GitHub App as PEM, or that in base64';
    fault('GITHUB_APP_PRIVATE_KEY', `${reason} (got something else, not shown)`);
  }
  return { webhookSecret: webhookSecret ?? '', appId: appId ?? '', privateKey, imageTemplate };
}

function readTemplate(text: string | undefined, fault: Fault): string | undefined {
  const template = text === undefined ? undefined : parseImageTemplate(text);
  if (template?.ok === false) for (const { field, reason } of template.problems) fault(field, reason);
  return text;
}

/** Settings are one line in many places: line ends may be written as `\n`, and the whole may be base64. */
function readPem(text: string): string {
  const plain = text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64').toString('utf8');
  return plain.replaceAll('\\n', '\n');
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
