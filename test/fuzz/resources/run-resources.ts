/** Runs all tests that hold connections, one after the other: each checks what it has left. */
import type { Subject } from '../subject.ts';
import { halfOpen } from './half-open.ts';
import type { ResourceResult, ResourceTest, Scale } from './resource-test.ts';
import { slowClients } from './slow-clients.ts';
import { waiters } from './waiters.ts';

export const resourceTests: readonly ResourceTest[] = [slowClients, halfOpen, waiters];

export async function runResources(
  subject: Subject,
  scale: Scale | 'none',
  say?: (line: string) => void,
): Promise<ResourceResult[]> {
  const results: ResourceResult[] = [];
  if (scale === 'none') return results;
  for (const test of resourceTests) {
    const result = await test(subject, scale);
    say?.(`${result.name}: ${result.figures}`);
    results.push(result);
  }
  return results;
}
