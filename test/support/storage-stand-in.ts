/** A table or queue service whose answers the test sets, and a connection string for it. */
import { vi } from 'vitest';
import type { StorageAccount } from '../../src/adapters/storage-clients.ts';
import type { Answer, Seen, Service } from './stand-in-service.ts';
import { startService } from './stand-in-service.ts';

export interface StorageStandIn extends Service {
  readonly account: StorageAccount;
}

export async function startStorageStandIn(follow: (seen: Seen) => Answer): Promise<StorageStandIn> {
  const service = await startService(follow);
  const key = Buffer.from('a key of the tests').toString('base64');
  const endpoints = ['Table', 'Queue'].map((kind) => `${kind}Endpoint=${service.origin}/account;`).join('');
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=${key};${endpoints}`;
  return Object.assign(service, { account: { kind: 'connectionString', connectionString } as const });
}

/** Time limits of the platform end a hundred times as fast, until the mocks are restored. */
export function hurryTimeLimits(): void {
  const { timeout } = AbortSignal;
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout.call(AbortSignal, Math.ceil(ms / 100)));
}
