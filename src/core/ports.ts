/**
 * All ports, for adapters. Each port is declared in the room that needs it. An adapter implements it with one technology. A test
 * suite named `contract` runs on the adapter in memory and on the real one; the others test one adapter. Unless its docstring says
 * otherwise, a method fails with an `UpstreamError` when the service does not do what was asked; normal outcomes are results, not
 * errors.
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
