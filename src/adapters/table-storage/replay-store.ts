/** Replays, a row each in one partition beside the registries' lists. */
import type { ReplayStore } from '../../core/ports.ts';
import type { ReplayJob } from '../../core/replay/replay-job.ts';
import { replayRange, replayRow } from './keys.ts';
import { joinText, splitText } from './long-text.ts';
import type { Row, Table } from './table.ts';

const maxForgotten = 200;

export function tableReplayStore(table: Table): ReplayStore {
  return {
    async load(key) {
      const row = await table.get(replayRow(key));
      return row === undefined ? undefined : { job: readJob(row), version: row.etag };
    },
    async save(key, job, basedOn) {
      const row: Row = { ...replayRow(key), ...splitText('job', JSON.stringify(job)) };
      const version = await (basedOn === undefined ? table.create(row) : table.replace(row, basedOn));
      return version === 'conflict' ? version : { version };
    },
    async forget(before) {
      for (const row of await table.range(replayRange(), maxForgotten)) {
        const { finishedAt } = readJob(row);
        if (finishedAt !== null && finishedAt < before) await table.remove(row);
      }
    },
  };
}

function readJob(row: Row): ReplayJob {
  return JSON.parse(joinText('job', row)) as ReplayJob;
}
