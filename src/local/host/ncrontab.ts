/**
 * Timer schedules, `{second} {minute} {hour} {day} {month} {weekday}`, in the dialect the host reads. It differs from
 * cron where it hurts: day and weekday must both match, and there is no `L`, `W`, `#` or Sunday as 7. So the text is
 * read here, strictly, and the search for the next time is given plain numbers only.
 */
import { Cron } from 'croner';
import { parseTimeSpan } from './duration.ts';

export interface Schedule {
  /** The first time after this one, in UTC. */
  next(after: Date): Date;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly words: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: readonly Field[] = [
  { name: 'second', min: 0, max: 59, words: [] },
  { name: 'minute', min: 0, max: 59, words: [] },
  { name: 'hour', min: 0, max: 23, words: [] },
  { name: 'day', min: 1, max: 31, words: [] },
  { name: 'month', min: 1, max: 12, words: MONTHS },
  { name: 'weekday', min: 0, max: 6, words: WEEKDAYS },
];

/** @throws Error that quotes the schedule and names the field. */
export function parseSchedule(text: string): Schedule {
  const fail = (reason: string): never => {
    throw new Error(`schedule "${text}": ${reason}`);
  };
  if (parseTimeSpan(text) !== undefined) fail('a time span works on some hosting plans only; write it as six fields');
  const parts = text.trim().split(/\s+/);
  if (parts.length !== 5 && parts.length !== 6)
    fail(`must have six fields, or five without seconds (got ${parts.length})`);
  const six = parts.length === 5 ? ['0', ...parts] : parts;
  const numbers = FIELDS.map((field, index) => expandField(six[index] ?? '', field, fail));
  const pattern = numbers.map((values, index) => printField(values, FIELDS[index])).join(' ');
  const cron = new Cron(pattern, { mode: '6-part', domAndDow: true, utcOffset: 0, paused: true });
  if (cron.nextRun() === null) fail('there is no such day');
  return { next: (after) => cron.nextRun(after) ?? fail('there is no such day') };
}

type Fail = (reason: string) => never;

function expandField(text: string, field: Field, fail: Fail): number[] {
  const values = text.split(',').flatMap((item) => expandItem(item, field, fail));
  return [...new Set(values)].sort((a, b) => a - b);
}

/** `*`, `a`, `a-b`, and each with a step; `a/n` runs from a to the end. */
function expandItem(item: string, field: Field, fail: Fail): number[] {
  const [range = '', step, ...rest] = item.split('/');
  const [first = '', last, ...more] = range.split('-');
  if (rest.length > 0 || more.length > 0) fail(`the ${field.name} "${item}" is not well formed`);
  const stride = step === undefined ? 1 : readNumber(step, { ...field, min: 1, words: [] }, fail);
  const isAll = first === '*';
  if (isAll && last !== undefined) fail(`the ${field.name} "${item}" is not well formed`);
  const from = isAll ? field.min : readNumber(first, field, fail);
  const openEnd = isAll || step !== undefined ? field.max : from;
  const to = last === undefined ? openEnd : readNumber(last, field, fail);
  if (from > to) fail(`the ${field.name} "${item}" runs backwards`);
  return Array.from({ length: Math.floor((to - from) / stride) + 1 }, (_, index) => from + index * stride);
}

function readNumber(text: string, { name, min, max, words }: Field, fail: Fail): number {
  const word = words.indexOf(text.toLowerCase());
  if (word >= 0) return word + min;
  const number = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return number >= min && number <= max ? number : fail(`the ${name} must be from ${min} to ${max} (got "${text}")`);
}

function printField(values: readonly number[], field: Field | undefined): string {
  const isAll = field !== undefined && values.length === field.max - field.min + 1;
  return isAll ? '*' : values.join(',');
}
