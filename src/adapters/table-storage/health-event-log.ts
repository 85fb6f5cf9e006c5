/**
 * Incidents of the registry service as Azure told of them, a row each beside the registry's lists. Of two words about
 * one incident the newer holds, whichever is written last.
 */
import { WorldError } from '../../core/errors.ts';
import type { HealthEvent, HealthEventLog } from '../../core/service-health.ts';
import { healthEventRange, healthEventRow } from './keys.ts';
import { joinText, splitText } from './long-text.ts';
import type { Row, Table } from './table.ts';

const mostEvents = 200;
const mostAttempts = 5;

export function tableHealthEventLog(index: Table): HealthEventLog {
  return {
    async note(registry, event) {
      const row: Row = { ...healthEventRow(registry, event.trackingId), ...splitText('event', JSON.stringify(event)) };
      for (let attempt = 1; attempt <= mostAttempts; attempt++) {
        const stored = await index.get(row);
        if (stored !== undefined && readEvent(stored).toldAt > event.toldAt) return 'outdated';
        const written = await (stored === undefined ? index.create(row) : index.replace(row, stored.etag));
        if (written !== 'conflict') return 'recorded';
      }
      const hint = 'send it again';
      throw new WorldError('contended', `incident ${event.trackingId}: overtaken ${mostAttempts} times`, { hint });
    },
    async open(registry) {
      const rows = await index.range(healthEventRange(registry), mostEvents);
      return rows.map(readEvent).filter((event) => event.isOpen);
    },
  };
}

function readEvent(row: Row): HealthEvent {
  return JSON.parse(joinText('event', row)) as HealthEvent;
}
