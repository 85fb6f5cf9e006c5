/** All instruments, for code that lists or exports them. */

export { verdicts } from './checks/instruments.ts';
export { forwards } from './forwarding/instruments.ts';
export { deliveries } from './ingest/instruments.ts';
export { announcing, delayedImages, lag, publishFailures } from './outbox/instruments.ts';
export { waiters } from './query/instruments.ts';
export { probes } from './replicas/instruments.ts';
