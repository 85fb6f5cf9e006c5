/**
 * Addresses that this app speaks to. Plain http is for this machine only: anywhere else credentials would travel in the
 * clear.
 */

export const originRule = 'must be an https:// origin without a path (http:// on loopback addresses only)';

export function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.href === `${url.origin}/` && isProtected(url);
}

/** Nobody can read along: encrypted, or within this machine. */
export function isProtected({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
