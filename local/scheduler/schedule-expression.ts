/**
 * The expressions of EventBridge Scheduler: `rate(5 minutes)`, `cron(minutes hours day-of-month month day-of-week year)`
 * and `at(2026-12-01T10:00:00)`: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
import { Cron } from 'croner';

export interface ScheduleExpression {
  /** The first run after `afterMs`, or undefined where there is none. `anchorMs`: when the schedule was made. */
  next(afterMs: number, anchorMs: number): number | undefined;
}

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** @throws Error saying what is wrong with the expression or the time zone */
export function parseSchedule(text: string, timezone: string): ScheduleExpression {
  const match = /^(rate|cron|at)\(([^()]*)\)$/.exec(text);
  if (match === null) throw invalid(text, 'it is none of rate(…), cron(…) and at(…)');
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
  } catch {
    throw invalid(text, `'${timezone}' is no time zone`);
  }
  if (match[1] === 'rate') return rate(text, match[2]!);
  return match[1] === 'at' ? at(text, match[2]!, timezone) : cron(text, match[2]!, timezone);
}

function rate(text: string, inner: string): ScheduleExpression {
  const match = /^([1-9]\d{0,5}) (minute|hour|day)(s?)$/.exec(inner);
  if (match === null) throw invalid(text, 'a rate is a whole number and minute(s), hour(s) or day(s)');
  const count = Number(match[1]);
  if ((count === 1) !== (match[3] === ''))
    throw invalid(text, `${count} takes ${count === 1 ? 'the singular' : 'the plural'} of the unit`);
  const periodMs = count * unitMs[match[2]!]!;
  return {
    next: (afterMs, anchorMs) => anchorMs + Math.max(0, Math.floor((afterMs - anchorMs) / periodMs) + 1) * periodMs,
  };
}

function at(text: string, inner: string, timezone: string): ScheduleExpression {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(inner)) throw invalid(text, 'a time is written yyyy-mm-ddThh:mm:ss');
  // Croner would roll 30 February over into March.
  if (!new Date(`${inner}Z`).toJSON()?.startsWith(inner)) throw invalid(text, 'there is no such time');
  const job = new Cron(inner, { timezone, paused: true });
  return { next: (afterMs) => job.nextRun(new Date(afterMs))?.getTime() };
}

const fields = [
  { name: 'minutes', least: 0, most: 59, names: [], wild: /^$/ },
  { name: 'hours', least: 0, most: 23, names: [], wild: /^$/ },
  { name: 'day-of-month', least: 1, most: 31, names: [], wild: /^(\?|L|([1-9]|[12]\d|3[01])W)$/ },
  {
    name: 'month',
    least: 1,
    most: 12,
    names: 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' '),
    wild: /^$/,
  },
  {
    name: 'day-of-week',
    least: 1,
    most: 7,
    names: 'SUN MON TUE WED THU FRI SAT'.split(' '),
    wild: /^(\?|L|[1-7]L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#[1-5])$/,
  },
  { name: 'year', least: 1970, most: 2199, names: [], wild: /^$/ },
] as const;

function cron(text: string, inner: string, timezone: string): ScheduleExpression {
  const parts = inner.trim().split(/\s+/);
  if (parts.length !== fields.length) throw invalid(text, `cron has ${fields.length} fields, not ${parts.length}`);
  const translated = parts.map((part, index) => translate(text, part.toUpperCase(), index));
  const [dayOfMonth, dayOfWeek] = [parts[2]!, parts[4]!];
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw invalid(text, 'exactly one of day-of-month and day-of-week must be ?');
  }
  // Weekdays as AWS counts them: 1 is Sunday.
  const job = new Cron(`0 ${translated.join(' ')}`, {
    timezone,
    paused: true,
    alternativeWeekdays: true,
    mode: '7-part',
  });
  return { next: (afterMs) => job.nextRun(new Date(afterMs))?.getTime() };
}

/** Checks one field and says it in croner's words. */
function translate(text: string, part: string, index: number): string {
  const { name, least, most, names, wild } = fields[index]!;
  if (wild.test(part)) {
    if (part === '?') return '*';
    // "L" alone is the last day of the week: Saturday.
    return name === 'day-of-week' && part === 'L' ? '7' : part;
  }
  const number = (word: string): number => {
    const named = (names as readonly string[]).indexOf(word);
    const value = named >= 0 ? named + least : /^\d{1,4}$/.test(word) ? Number(word) : Number.NaN;
    if (!(value >= least && value <= most)) throw invalid(text, `${name} '${word}' is not within ${least} to ${most}`);
    return value;
  };
  return part
    .split(',')
    .map((item) => {
      const [range, step, ...more] = item.split('/');
      if (more.length > 0 || range === undefined || range === '') throw invalid(text, `${name} '${item}' is not valid`);
      if (step !== undefined && !/^[1-9]\d{0,3}$/.test(step)) throw invalid(text, `${name} has the step '${step}'`);
      const suffix = step === undefined ? '' : `/${step}`;
      if (range === '*') return `*${suffix}`;
      const [from, to, ...rest] = range.split('-').map(number);
      if (rest.length > 0) throw invalid(text, `${name} '${item}' is not valid`);
      if (to !== undefined && from! > to) throw invalid(text, `${name} '${item}' runs backwards`);
      if (to !== undefined) return `${from}-${to}${suffix}`;
      // AWS reads 5/10 as "from 5 on, every 10".
      return step === undefined ? String(from) : `${from}-${most}${suffix}`;
    })
    .join(',');
}

function invalid(text: string, why: string): Error {
  return new Error(`schedule expression '${text}': ${why}`);
}
