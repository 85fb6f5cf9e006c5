/** A minimal client of Azure Resource Manager for deployment scripts: reads and writes single resources. */
import { spawn } from 'node:child_process';

const withinMs = 30_000;

export interface Arm {
  /**
   * @returns the status, and the body as JSON
   * @throws Error when there was no answer
   */
  ask(method: 'GET' | 'PUT' | 'POST', path: string, body?: object): Promise<ArmAnswer>;
}

export interface ArmAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** @param path of a resource, with its leading slash and `?api-version=…` */
export function armAt(origin: string, token: string): Arm {
  return {
    async ask(method, path, body) {
      const response = await fetch(new URL(path, origin), {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(withinMs),
      });
      const text = await response.text();
      return { status: response.status, body: parseObject(text) };
    },
  };
}

/** ARM's error as `code: message`. */
export function describeFault({ status, body }: ArmAnswer): string {
  const { code, message } = Object(body.error) as { code?: unknown; message?: unknown };
  return `${status} ${[code, message].filter((part) => typeof part === 'string').join(': ')}`.trim();
}

/**
 * A token of the signed-in user: from azd, else from the Azure CLI.
 * @param subscriptionId selects the tenant; azd prefers the one of its environment
 * @throws Error when no user is signed in
 */
export async function readToken(origin: string, subscriptionId: string): Promise<string> {
  const azd = await call('azd', ['auth', 'token', '--output', 'json'], { AZURE_SUBSCRIPTION_ID: subscriptionId });
  const { token } = parseObject(azd);
  if (typeof token === 'string') return token;
  const resource = ['--resource', origin, '--subscription', subscriptionId];
  const az = await call('az', ['account', 'get-access-token', ...resource, '--output', 'json']);
  const { accessToken } = parseObject(az);
  if (typeof accessToken === 'string') return accessToken;
  throw new Error('not signed in: run "azd auth login", or "az login"');
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** @returns the standard output; `undefined` when the command cannot be started or fails */
function call(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'ignore'],
      // On Windows the Azure CLI is a script.
      shell: process.platform === 'win32',
      signal: AbortSignal.timeout(withinMs),
    });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.once('error', () => resolve(''));
    child.once('close', (code) => resolve(code === 0 ? out : ''));
  });
}
