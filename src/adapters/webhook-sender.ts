/**
 * Posts webhooks to URLs from the settings. An operator who may change settings must not thereby reach what only this
 * app can reach: host names are resolved here, and private addresses are refused unless the target allows them. The
 * request goes to the checked address, so a name that resolves differently the second time gains nothing.
 */
import { createHmac } from 'node:crypto';
import { lookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { BlockList, isIP } from 'node:net';
import type { ForwardTarget } from '../core/image/forward-entry.ts';
import type { WebhookSender } from '../core/ports.ts';

const timeoutMs = 10_000;

/** RFC 6890 and its registries: networks without public hosts, and those that can lead back to a private one. */
const privateNetworks: readonly [network: string, prefix: number, family: 'ipv4' | 'ipv6'][] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 96, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['64:ff9b:1::', 48, 'ipv6'],
  ['100::', 64, 'ipv6'],
  ['2001::', 23, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 9, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
];
// Azure's platform address: public by its number, but reachable from every machine in Azure and from nowhere else.
const platformAddress = '168.63.129.16';

const blocked = new BlockList();
for (const network of privateNetworks) blocked.addSubnet(...network);
blocked.addAddress(platformAddress);

/** @param address as the resolver returns it; an IPv4-mapped IPv6 address is checked as IPv4 */
export function isPrivate(address: string): boolean {
  const family = isIP(address);
  return family === 0 || blocked.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

const publicOnly: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses ?? [];
    const refused = addresses?.find(({ address }) => isPrivate(address));
    if (error === null && refused !== undefined) callback(new PrivateAddress(), '', 0);
    else if (options.all === true) callback(error, addresses ?? [], 0);
    else callback(error, first?.address ?? '', first?.family ?? 0);
  });
};

class PrivateAddress extends Error {}

const privateRefusal = 'the target is in a private network: set "allowPrivate" if it is meant to be';

export function webhookSender(userAgent: string): WebhookSender {
  return {
    send(target, body) {
      const url = new URL(target.url);
      const hostname = url.hostname.replace(/^\[|\]$/g, '');
      if (!target.allowPrivate && isIP(hostname) !== 0 && isPrivate(hostname)) {
        return Promise.resolve({ refusal: privateRefusal, retryAfterMs: undefined });
      }
      return new Promise((resolve) => {
        const refuse = (refusal: string, retryAfterMs?: number) => resolve({ refusal, retryAfterMs });
        const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
        const request = send(url, {
          method: 'POST',
          // A new connection: a pooled one may have been opened for a target with other rules.
          agent: false,
          headers: { ...headersOf(target, body), 'user-agent': userAgent },
          signal: AbortSignal.timeout(timeoutMs),
          ...(target.allowPrivate ? {} : { lookup: publicOnly }),
        });
        request.once('response', (response) => {
          const { statusCode = 0, headers } = response;
          response.resume().once('error', () => undefined);
          if (statusCode >= 200 && statusCode < 300) resolve('delivered');
          else refuse(`answered ${statusCode}`, retryAfterOf(headers['retry-after']));
        });
        request.once('error', (error) => {
          if (error instanceof PrivateAddress) refuse(privateRefusal);
          else refuse(error.name === 'AbortError' ? 'no answer in time' : `not reached (${codeOf(error)})`);
        });
        request.end(body);
      });
    },
  };
}

/** `X-Signature` in the format of Flux's `generic-hmac` receivers. */
function headersOf(target: ForwardTarget, body: string): Record<string, string | number> {
  const signature = target.secret && createHmac('sha256', target.secret).update(body).digest('hex');
  return {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...(signature === undefined ? {} : { 'x-signature': `sha256=${signature}` }),
    ...target.headers,
  };
}

function retryAfterOf(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,5}$/.test(header) ? Number(header) * 1000 : undefined;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
