/**
 * Timer schedules, `{second} {minute} {hour} {day} {month} {weekday}`, in the host's dialect: day and weekday must both
 * match, and there is no `L`, `W`, `#`, `?`, name like `@daily` or Sunday as 7. Extensions of croner are refused.
 */
import { Cron } from 'croner';

export interface Schedule {
  /** The first time after this one, in UTC. */
  next(after: Date): Date;
}

const weekday = 5;

/** @throws Error that quotes the schedule */
export function parseSchedule(text: string): Schedule {
  const fail = (reason: string): never => {
    throw new Error(`schedule "${text}": ${reason}`);
  };
  const fields = text.trim().split(/\s+/);
  if (fields.length === 5) fields.unshift('0');
  if (fields.length !== 6) fail(`must have six fields, or five without seconds (got ${fields.length})`);
  const unsupported = fields.find(
    (field, i) => /[^\w*,/-]|(?<![a-z])[LW](?![a-z])/i.test(field) || (i === weekday && /7/.test(field)),
  );
  if (unsupported !== undefined) fail(`the host does not know "${unsupported}"`);
  const cron = read();
  return { next: (after) => cron.nextRun(after) ?? fail('there is no such day') };

  function read(): Cron {
    try {
      const schedule = new Cron(fields.join(' '), {
        mode: '6-part',
        domAndDow: true,
        sloppyRanges: true,
        utcOffset: 0,
        paused: true,
      });
      return schedule.nextRun() === null ? fail('there is no such day') : schedule;
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error));
    }
  }
}
