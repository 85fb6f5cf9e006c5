/** Where the verdicts of checks go, the key that encrypts their tokens, and the GitHub App that speaks: `CALLBACK_*`, `GITHUB_*`. */
import { createPrivateKey } from 'node:crypto';
import type { CallbackOrigins } from '../core/checks/callback-origins.ts';
import { defaultCallbackOrigins, parseCallbackOrigins } from '../core/checks/callback-origins.ts';
import { parseImageTemplate } from '../core/checks/image-template.ts';
import { parseEncryptionKey } from '../core/checks/token-encryption.ts';
import type { Fault, Get } from './values.ts';
import { mayBeSecret, show } from './values.ts';

export interface CallbackConfig {
  readonly origins: CallbackOrigins;
  /** 32 bytes; `undefined`: no checks. */
  readonly key: Uint8Array | undefined;
}

export interface GithubConfig {
  readonly webhookSecret: string;
  readonly appId: string;
  /** PEM. */
  readonly privateKey: string;
  /**
   * Names the images of a deployment whose payload names none: `contoso.azurecr.io/{owner}/{repo}:{sha}`, separated by
   * white space.
   */
  readonly imageTemplate: string | undefined;
}

export function readCallbacks(get: Get, fault: Fault): CallbackConfig {
  const origins = parseCallbackOrigins(get('CALLBACK_ORIGINS') ?? defaultCallbackOrigins, 'CALLBACK_ORIGINS', show);
  if (!origins.ok) for (const { field, reason } of origins.problems) fault(field, reason);
  const text = get('CALLBACK_KEY');
  const key = text === undefined ? undefined : parseEncryptionKey(text);
  if (text !== undefined && key === undefined) {
    fault('CALLBACK_KEY', 'must be 32 bytes in base64, as "openssl rand -base64 32" makes them (got something else)');
  }
  return { origins: origins.ok ? origins.value : [], key };
}

/** All three settings or none: an incomplete GitHub App can approve nothing. */
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
  if (text === undefined || template?.ok !== false) return text;
  const hidden = [{ field: 'GITHUB_IMAGE_TEMPLATE', reason: `must be an image reference (got ${show(text)})` }];
  for (const { field, reason } of mayBeSecret(text) ? hidden : template.problems) fault(field, reason);
  return undefined;
}

/**
 * Settings are often stored on one line, which damages a PEM key: line ends become spaces or the characters `\n`,
 * escaped once or twice; quotes are added; the whole is base64-encoded. Between its first and its last line a key is
 * base64 only, so it can be restored.
 */
function readPem(text: string): string {
  const plain = text.includes('-----BEGIN')
    ? text
    : Buffer.from(text.replaceAll(/["']/g, ''), 'base64').toString('utf8');
  const [, label = '', body = ''] = /-----BEGIN ([A-Z ]+)-----(.*?)-----END \1-----/s.exec(plain) ?? [];
  const lines = body.replaceAll(/\\+[rn]|\s/g, '').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
