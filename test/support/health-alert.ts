/** Azure Monitor's alerts about the registry service, as its webhook sends them; and where they are kept, in memory. */

import type { HealthEvent } from '../../src/core/ingest/health-alert.ts';
import type { HealthEventLog } from '../../src/core/ports.ts';

export interface AlertInput {
  readonly essentials?: Record<string, unknown>;
  readonly context?: Record<string, unknown>;
  readonly properties?: Record<string, unknown>;
}

export function impactOf(...regions: string[]): string {
  const impactedRegions = regions.map((RegionName) => ({ RegionName }));
  return JSON.stringify([
    { ImpactedRegions: [{ RegionName: 'Norway East' }], ServiceName: 'Virtual Machines' },
    { ImpactedRegions: impactedRegions, ServiceName: 'Container Registry' },
  ]);
}

/** An incident in East US, by default. */
export function alertOf({ essentials, context, properties }: AlertInput = {}) {
  return {
    schemaId: 'azureMonitorCommonAlertSchema',
    data: {
      essentials: {
        alertId: '/subscriptions/s/providers/Microsoft.AlertsManagement/alerts/a',
        alertRule: 'registry-health',
        severity: 'Sev4',
        signalType: 'Activity Log',
        monitorCondition: 'Fired',
        monitoringService: 'ServiceHealth',
        firedDateTime: '2026-06-01T12:00:10.000Z',
        ...essentials,
      },
      alertContext: {
        channels: 1,
        eventTimestamp: '2026-06-01T12:00:05.123Z',
        level: 3,
        operationName: 'Microsoft.ServiceHealth/incident/action',
        status: 'Active',
        ...context,
        properties: {
          title: 'Container Registry - East US - Mitigating',
          service: 'Container Registry',
          region: 'East US',
          communication: '<p>We are looking into it.</p>',
          incidentType: 'Incident',
          trackingId: 'VT60-9S8',
          impactStartTime: '2026-06-01T11:30:00.000Z',
          impactedServices: impactOf('East US'),
          stage: 'Active',
          ...properties,
        },
      },
    },
  };
}

export function memoryHealthEventLog(): HealthEventLog {
  const events = new Map<string, HealthEvent>();
  return {
    async note(registry, event) {
      const key = `${registry} ${event.trackingId}`;
      const before = events.get(key);
      if (before !== undefined && before.reportedAt > event.reportedAt) return 'outdated';
      events.set(key, event);
      return 'recorded';
    },
    async open(registry) {
      return [...events]
        .filter(([key, { isOpen }]) => key.startsWith(`${registry} `) && isOpen)
        .map(([, event]) => event);
    },
  };
}
