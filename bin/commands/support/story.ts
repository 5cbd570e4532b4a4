/** Events told in one line each, for the terminal. */
import pc from 'picocolors';
import { z } from 'zod';
import { cloudEvent, type EventType, eventData } from '../../../lib/contracts/events.ts';
import { short, wrapped } from './print.ts';

/** A bus event of ours: EventBridge's envelope around a CloudEvent. */
export const busEvent = z.object({
  id: z.string(),
  'detail-type': z.enum(Object.keys(eventData) as [EventType, ...EventType[]]),
  time: z.string(),
  detail: cloudEvent,
});
export type BusEvent = z.infer<typeof busEvent>;

/** Events that are remembered; a repeat comes within seconds. */
const mostRemembered = 10_000;

/**
 * Tells the first of an event from its repeats, which bear its id. The bus brings an event at least once, and whoever
 * completes what another run has begun says it again: a batch that is screened anew raises its flag a second time, which
 * is decided a second time, to the same decision.
 */
export function firstOfEach(): (event: BusEvent) => boolean {
  const seen = new Set<string>();
  return ({ detail: { source, id } }) => {
    const key = `${source} ${id}`;
    if (seen.has(key)) return false;
    seen.add(key);
    if (seen.size > mostRemembered) seen.delete(seen.values().next().value!);
    return true;
  };
}

const clock = (atMs: number): string => new Date(atMs).toISOString().slice(11, 19);
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
const column = (text: string, width: number): string => text.padEnd(width);

/** What each event means to somebody who watches, with the time at which it was said. */
export function describeEvent(event: BusEvent): string {
  const at = pc.dim(clock(Date.parse(event.detail.time)));
  const line = (mark: string, asset: string, text: string): string =>
    wrapped(`${at}  ${column(mark, 2)} ${pc.bold(column(asset, 12))} ${text}`, 27);
  const type = event['detail-type'];
  switch (type) {
    case 'FlagRaised': {
      const flag = eventData.FlagRaised.parse(event.detail.data);
      const channels = flag.topChannels
        .slice(0, 3)
        .map((each) => each.name)
        .join(', ');
      return line(
        '⚑',
        flag.asset,
        `${pc.yellow('flagged')} ${flag.reason}, score ${flag.score.toFixed(1)}${channels === '' ? '' : `, on ${channels}`}`,
      );
    }
    case 'DecisionRecorded': {
      const { asset, inference, guard } = eventData.DecisionRecorded.parse(event.detail.data);
      const may = { act: pc.green('may act'), ask: pc.yellow('asks a person'), observe: pc.dim('only observes') }[
        guard.verdict
      ];
      return line(
        '◆',
        asset,
        `${pc.cyan(inference.kind)} ${percent(inference.confidence)}, ${may}: ${inference.explanation.sentence}`,
      );
    }
    case 'CaseOpened': {
      const data = eventData.CaseOpened.parse(event.detail.data);
      return line('▣', data.asset, `case ${pc.bold(short(data.caseId))} opened: ${data.kind}`);
    }
    case 'ReviewRequested': {
      const data = eventData.ReviewRequested.parse(event.detail.data);
      return line('?', data.asset, `case ${short(data.caseId)} ${pc.yellow('waits for a person')}: ${data.question}`);
    }
    case 'ReviewAnswered': {
      const data = eventData.ReviewAnswered.parse(event.detail.data);
      return line('!', data.asset, `case ${short(data.caseId)}: ${data.by} says ${pc.bold(data.answer)}`);
    }
    case 'RemediationSucceeded':
    case 'RemediationFailed':
    case 'RemediationUnknown': {
      const data = eventData[type].parse(event.detail.data);
      const said = {
        RemediationSucceeded: pc.green('done'),
        RemediationFailed: pc.red('failed'),
        RemediationUnknown: pc.yellow('outcome unknown, reconciling'),
      }[type];
      return line(
        '⚙',
        data.asset,
        `case ${short(data.caseId)}: ${data.action} ${data.target}: ${said}${data.outcome.reference === undefined ? '' : ` (${data.outcome.reference})`}`,
      );
    }
    case 'EffectVerified': {
      const data = eventData.EffectVerified.parse(event.detail.data);
      return line(
        '✓',
        data.asset,
        `case ${short(data.caseId)}: ${data.result === 'recovered' ? pc.green('recovered') : pc.red(data.result)}, judged by ${data.rows} of its own readings`,
      );
    }
    case 'CaseClosed': {
      const data = eventData.CaseClosed.parse(event.detail.data);
      return line(
        '▢',
        data.asset,
        `case ${pc.bold(short(data.caseId))} closed: ${data.resolution}${data.ticket === undefined ? '' : ` (${data.ticket})`}`,
      );
    }
    case 'ReadingsQuarantined': {
      const data = eventData.ReadingsQuarantined.parse(event.detail.data);
      const reasons = Object.entries(data.reasons)
        .map(([reason, count]) => `${count} × ${reason}`)
        .join(', ');
      return line('✗', '–', `${pc.red(`${data.count} reading(s) quarantined`)}: ${reasons}`);
    }
    case 'CalibrationChanged': {
      const data = eventData.CalibrationChanged.parse(event.detail.data);
      return line('≈', data.asset, `calibrated on ${data.rows} rows`);
    }
  }
}
