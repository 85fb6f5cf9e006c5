/** Replays, a row each in one partition beside the registries' lists. */
import type { ReplayStore } from '../../core/ports.ts';
import type { ReplayJob } from '../../core/replay/replay-job.ts';
import { replayRange, replayRow } from './keys.ts';
import { joinText, splitText } from './long-text.ts';
import type { Row, Table } from './table.ts';

const maxForgotten = 200;

export function tableReplayStore(index: Table): ReplayStore {
  return {
    async load(key) {
      const row = await index.get(replayRow(key));
      return row === undefined ? undefined : { job: readJob(row), version: row.etag };
    },
    async save(key, job, basedOn) {
      const row: Row = { ...replayRow(key), ...splitText('job', JSON.stringify(job)) };
      const version = await (basedOn === undefined ? index.create(row) : index.replace(row, basedOn));
      return version === 'conflict' ? version : { version };
    },
    async forget(before) {
      for (const row of await index.range(replayRange(), maxForgotten)) {
        const { finishedAt } = readJob(row);
        if (finishedAt !== null && finishedAt < before) await index.remove(row);
      }
    },
  };
}

function readJob(row: Row): ReplayJob {
  return JSON.parse(joinText('job', row)) as ReplayJob;
}
