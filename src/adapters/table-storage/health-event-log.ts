/**
 * Incidents of the registry service as Azure reported them, a row each beside the registry's lists. Of two reports
 * about one incident, the newer one is kept, in whatever order they are written.
 */

import type { HealthEvent } from '../../core/ingest/health-alert.ts';
import type { HealthEventLog } from '../../core/ports.ts';
import { UpstreamError } from '../../core/runtime/errors.ts';
import { healthEventRange, healthEventRow } from './keys.ts';
import { joinText, splitText } from './long-text.ts';
import type { Row, Table } from './table.ts';

const maxEvents = 200;
const maxAttempts = 5;

export function tableHealthEventLog(table: Table): HealthEventLog {
  return {
    async note(registry, event) {
      const row: Row = { ...healthEventRow(registry, event.trackingId), ...splitText('event', JSON.stringify(event)) };
      for (let attempt = 1; attempt <= maxAttempts; attempt++) {
        const stored = await table.get(row);
        if (stored !== undefined && readEvent(stored).reportedAt > event.reportedAt) return 'outdated';
        const written = await (stored === undefined ? table.create(row) : table.replace(row, stored.etag));
        if (written !== 'conflict') return 'recorded';
      }
      const hint = 'send it again';
      throw new UpstreamError('conflict', `incident ${event.trackingId}: overtaken ${maxAttempts} times`, { hint });
    },
    async open(registry) {
      const rows = await table.range(healthEventRange(registry), maxEvents);
      return rows.map(readEvent).filter((event) => event.isOpen);
    },
  };
}

function readEvent(row: Row): HealthEvent {
  return JSON.parse(joinText('event', row)) as HealthEvent;
}
