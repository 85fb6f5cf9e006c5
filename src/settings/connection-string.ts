/**
 * Checks a storage connection string as far as the table and queue libraries need it. They refuse a bad one as well,
 * but only at the first call, or with an error that names no setting.
 * Source: Azure Storage documentation, "Configure Azure Storage connection strings".
 */

/** @returns the fault, in words that quote nothing of the text; `undefined` when there is none */
export function faultOfConnectionString(text: string): string | undefined {
  const parts = new Map(
    text
      .split(';')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => [part.slice(0, Math.max(part.indexOf('='), 0)), part.slice(part.indexOf('=') + 1)] as const),
  );
  if (parts.has('')) return 'each of its parts must be NAME=value';
  const misspelt = names.find((name) => !parts.has(name) && [...parts.keys()].some((key) => isSame(key, name)));
  if (misspelt !== undefined) return `"${misspelt}" must be written so`;

  if (parts.has('UseDevelopmentStorage')) {
    return /^UseDevelopmentStorage=true(;|$)/.test(text)
      ? undefined
      : '"UseDevelopmentStorage" must come first, and be true';
  }
  const isByKey = parts.has('AccountKey');
  if (!isByKey && !parts.has('SharedAccessSignature')) return 'needs "AccountKey" or "SharedAccessSignature"';
  const needed = isByKey ? ['AccountName', 'AccountKey', 'DefaultEndpointsProtocol'] : ['SharedAccessSignature'];
  const absent = needed.find((name) => (parts.get(name) ?? '') === '');
  if (absent !== undefined) return `needs "${absent}"`;
  if (isByKey && !/^https?$/i.test(parts.get('DefaultEndpointsProtocol') ?? '')) {
    return '"DefaultEndpointsProtocol" must be https';
  }
  if (isByKey && !isBase64(parts.get('AccountKey') ?? '')) return '"AccountKey" must be base64';
  for (const name of ['TableEndpoint', 'QueueEndpoint']) {
    const endpoint = parts.get(name) ?? '';
    if (endpoint !== '' && !isAddress(endpoint)) return `"${name}" must be an http:// or https:// address`;
    if (endpoint === '' && !isByKey) return `needs "${name}"`;
    if (endpoint === '' && !/^[a-z0-9.-]+$/i.test(parts.get('EndpointSuffix') ?? '')) {
      return `needs "EndpointSuffix", such as core.windows.net, or "${name}"`;
    }
  }
  return undefined;
}

const names = [
  'UseDevelopmentStorage',
  'DefaultEndpointsProtocol',
  'AccountName',
  'AccountKey',
  'EndpointSuffix',
  'TableEndpoint',
  'QueueEndpoint',
  'SharedAccessSignature',
];

function isSame(key: string, name: string): boolean {
  return key.toLowerCase() === name.toLowerCase();
}

function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}
