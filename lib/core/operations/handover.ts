/** The note for the next shift: what is open, what is set for a while, what happened, how many alarms there were. */
import type { CaseRecord } from '../../contracts/case.ts';
import type { StandingOrder } from '../../contracts/operations.ts';
import type { StopState } from '../../contracts/stop.ts';
import { endOf } from '../guard/standing-orders.ts';
import { type AlarmLoad, alarmLoad, referenceRates } from './alarm-load.ts';

export interface ShiftInput {
  readonly fromMs: number;
  readonly toMs: number;
  readonly operators: number;
  readonly cases: readonly CaseRecord[];
  /** Orders that hold now or will. */
  readonly orders: readonly StandingOrder[];
  readonly stops: readonly StopState[];
}

export interface Handover {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stopped: readonly string[];
  /** Oldest first. */
  readonly open: readonly CaseRecord[];
  readonly plannedWork: readonly StandingOrder[];
  readonly shelved: readonly StandingOrder[];
  readonly opened: number;
  readonly closed: Readonly<Record<string, number>>;
  readonly alarmLoad: AlarmLoad;
}

export function handover({ fromMs, toMs, operators, cases, orders, stops }: ShiftInput): Handover {
  const isOfShift = (atMs: number | undefined): boolean => atMs !== undefined && atMs >= fromMs && atMs < toMs;
  const closed: Record<string, number> = {};
  for (const { closedAtMs, resolution } of cases)
    if (isOfShift(closedAtMs) && resolution !== undefined) closed[resolution] = (closed[resolution] ?? 0) + 1;
  const standing = orders.filter((order) => endOf(order) > toMs).sort((a, b) => a.fromMs - b.fromMs);
  const opened = cases.filter(({ openedAtMs }) => isOfShift(openedAtMs));
  return {
    fromMs,
    toMs,
    stopped: stops.filter(({ stopped }) => stopped).map(({ scope }) => scope),
    open: cases.filter(({ status }) => status !== 'closed').sort((a, b) => a.openedAtMs - b.openedAtMs),
    plannedWork: standing.filter(({ what }) => what === 'planned-work'),
    shelved: standing.filter(({ what }) => what === 'shelving'),
    opened: opened.length,
    closed,
    alarmLoad: alarmLoad(
      opened.filter(({ verdict }) => verdict === 'ask').map(({ openedAtMs }) => openedAtMs),
      fromMs,
      toMs,
      operators,
    ),
  };
}

const iso = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 16)}Z`;
const section = (title: string, lines: readonly string[], none: string): string[] => [
  '',
  title,
  ...(lines.length === 0 ? [`  ${none}`] : lines.map((line) => `  ${line}`)),
];
const order = ({ id, scope, kind, fromMs, reason, ...rest }: StandingOrder): string =>
  `${id.slice(0, 8)}  ${scope}${kind === undefined ? '' : ` ${kind}`}, ${iso(fromMs)} to ${iso(endOf({ id, scope, kind, fromMs, reason, ...rest }))}: ${reason}`;

/** The note as text, for the console of the next shift or a printer. */
export function handoverText(note: Handover): string {
  const { alarmLoad: load } = note;
  const closed = Object.entries(note.closed).map(([resolution, count]) => `${count} ${resolution}`);
  return [
    `Handover ${iso(note.fromMs)} to ${iso(note.toMs)}`,
    ...(note.stopped.length > 0 ? ['', `STOPPED: ${note.stopped.join(', ')}. Nothing acts there.`] : []),
    ...section(
      `Open cases (${note.open.length})`,
      note.open.map(
        ({ caseId, asset, kind, status, openedAtMs, sentence }) =>
          `${caseId.slice(0, 8)}  ${asset} ${kind}, ${status} since ${iso(openedAtMs)}: ${sentence}`,
      ),
      'none',
    ),
    ...section(`Planned work (${note.plannedWork.length})`, note.plannedWork.map(order), 'none'),
    ...section(`Shelved (${note.shelved.length})`, note.shelved.map(order), 'nothing'),
    ...section(
      'In this shift',
      [
        `${note.opened} cases opened; closed: ${closed.join(', ') || 'none'}`,
        `${load.alarms} alarms, ${load.perOperatorHour.toFixed(1)} an operator and hour: ${load.verdict}; at most ${load.peakIn10Minutes.toFixed(0)} in 10 minutes, ${(load.floodShare * 100).toFixed(1)} % of the time a flood`,
        `for comparison: ${referenceRates.acceptablePerHour} an hour are acceptable, ${referenceRates.manageablePerHour} the most that is manageable (${referenceRates.source})`,
      ],
      'nothing',
    ),
    '',
  ].join('\n');
}
