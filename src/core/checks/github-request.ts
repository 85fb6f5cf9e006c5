/**
 * The request of a GitHub deployment protection rule. It names a deployment, not an image: the deployment's payload names the
 * image, or a template builds the name from repository, commit and environment.
 * Source: GitHub documentation, "Creating custom deployment protection rules".
 */
import * as z from 'zod';
import { fromJsonText } from '../runtime/json-text.ts';
import type { Parsed } from '../runtime/parsed.ts';
import { parsed, problem } from '../runtime/parsed.ts';
import { readAs } from '../runtime/validation.ts';
import type { CallbackOrigins } from './callback-origins.ts';
import { parseCallbackUrl } from './callback-origins.ts';
import type { Deployed } from './image-template.ts';

export interface GithubCallback {
  /** Base URL of the API: `https://api.github.com`, or `https://host/api/v3`. */
  readonly api: string;
  readonly callbackUrl: string;
  readonly environment: string;
  readonly installationId: number;
}

export interface GithubRequest {
  readonly callback: GithubCallback;
  readonly deployed: Deployed;
  /** The deployment's payload; where it is a text with JSON, the value of that JSON. */
  readonly payload: unknown;
}

const text = z.string().min(1).max(1_000);
const id = z.int().positive();
/** Absent at times, and GitHub does not show problems: a value that is not a text counts as absent. */
const optionalText = text.optional().catch(undefined);
const commitAndRef = z.object({ sha: optionalText, ref: optionalText });
const body = z.object(
  {
    action: text,
    environment: text,
    deployment_callback_url: text,
    // Source: https://docs.github.com/webhooks/webhook-events-and-payloads: always present, also without a deployment.
    ...commitAndRef.shape,
    deployment: commitAndRef.extend({ payload: z.unknown().optional() }).nullish().catch(undefined),
    repository: z.object({ full_name: z.string().regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/, 'must be owner/name') }),
    installation: z.object({ id }),
  },
  'must be a JSON object',
);

/** @returns `undefined` for an action other than `requested` */
export function parseGithubRequest(value: unknown, origins: CallbackOrigins): Parsed<GithubRequest | undefined> {
  const action = z.object({ action: z.string() }).safeParse(value);
  if (action.success && action.data.action !== 'requested') return parsed(undefined);
  const read = readAs(body, value);
  if (!read.ok) return read;
  const { environment, deployment, repository, installation, deployment_callback_url: callbackUrl } = read.value;
  const [commit, ref] = [deployment?.sha ?? read.value.sha, deployment?.ref ?? read.value.ref];
  const api = parseApi(callbackUrl, repository.full_name, origins);
  if (api === undefined) {
    const reason = `must be the protection rule of a run of ${repository.full_name}, at an address that CALLBACK_ORIGINS allows`;
    return problem('deployment_callback_url', reason);
  }
  const [owner = '', name = ''] = repository.full_name.split('/');
  return parsed({
    callback: { api, callbackUrl, environment, installationId: installation.id },
    deployed: { owner, repository: name, commit, ref, environment },
    payload: fromJsonText(deployment?.payload),
  });
}

/** A token of the whole installation is sent with the verdict: the URL must be that of this run. */
function parseApi(callbackUrl: string, fullName: string, origins: CallbackOrigins): string | undefined {
  const url = parseCallbackUrl(callbackUrl, origins);
  // A text that `URL` normalizes to another one is ambiguous.
  if (url === undefined || url.href !== callbackUrl) return undefined;
  const [, prefix, owner, name] =
    /^(\/api\/v3)?\/repos\/([^/]+)\/([^/]+)\/actions\/runs\/\d{1,20}\/deployment_protection_rule$/.exec(url.pathname) ??
    [];
  const isSame = `${owner}/${name}`.toLowerCase() === fullName.toLowerCase();
  return isSame ? `${url.origin}${prefix ?? ''}` : undefined;
}
