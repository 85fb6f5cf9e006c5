/** Origins that this app sends requests to. Plain http is allowed for this machine only: elsewhere it would expose credentials. */

export const originRule = 'must be an https:// origin without a path (http:// on loopback addresses only)';

export function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.href === `${url.origin}/` && isProtected(url);
}

/** Whether the connection is encrypted or stays within this machine. */
export function isProtected({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
