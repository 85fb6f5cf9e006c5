/**
 * What we need from the world, on one page, for the adapters. Each port is a role and stands in the room that needs it; adapters
 * fulfil it with one technology, and one contract suite per port runs on memory and on the real thing. Every method fails
 * with an `UpstreamError` when the world does not do what was asked; outcomes that are normal are answers, not errors.
 */
export type * from './catalogue/ports.ts';
export type * from './checks/ports.ts';
export type * from './due-work/ports.ts';
export type * from './forwarding/ports.ts';
export type * from './image/delivery.ts';
export type * from './ingest/ports.ts';
export type * from './members/ports.ts';
export type * from './outbox/ports.ts';
export type * from './releases/ports.ts';
export type * from './replay/ports.ts';
export type * from './replicas/ports.ts';
export type * from './runtime/clock.ts';
export type * from './runtime/health-probe.ts';
export type * from './runtime/log.ts';
export * from './runtime/telemetry.ts';
export type * from './runtime/version.ts';
export * from './store/ports.ts';
export type * from './waiting/ports.ts';
export type * from './webhooks/ports.ts';
