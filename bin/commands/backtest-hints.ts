/** What somebody should try who reads a backtest: what stands in the way of its answers, and the option that takes it away. */
import type { ChannelMeta } from '../../lib/contracts/telemetry.ts';
import { knows, type Pack } from '../../lib/core/pack.ts';
import type { Episode, Looks } from './backtest-episodes.ts';
import { percent } from './backtest-words.ts';
import { counted } from './support/print.ts';

/** From this part on something is no exception. */
const mostly = 0.5;

const named = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(' ');

/** Of channels that a pack does not know, where nearly every window with them is strange to its model. */
export function strangeChannels(
  pack: Pack | undefined,
  channels: readonly ChannelMeta[],
  { all, unlike }: Looks,
): string[] {
  const strange = pack ? channels.filter((channel) => !knows(pack, channel)) : [];
  if (!pack || strange.length === 0 || all === 0 || unlike < mostly * all) return [];
  const names = strange.map(({ name }) => name);
  return [
    `${unlike === all ? 'Every look at an alarm' : `${percent(unlike / all)} of the looks at alarms`} was unlike the windows that the model of ${pack.manifest.name} was made with, so nothing would act by itself; ${names.length === 1 ? 'a channel is' : 'channels are'} strange to it: try without, --leave-out ${named(names)}.`,
  ];
}

/** Of a sensor that alarms call faulty for most of the time in alarm, which hides what else there is. */
export function faultySensor(episodes: readonly Episode[], alarmRows: number, channels: number): string[] {
  const rows = new Map<string, { rows: number; alarms: number }>();
  for (const { kind, decision, fromRow, toRow } of episodes) {
    if (kind !== 'sensor-fault' || decision?.target === undefined) continue;
    const known = rows.get(decision.target) ?? { rows: 0, alarms: 0 };
    rows.set(decision.target, { rows: known.rows + toRow - fromRow + 1, alarms: known.alarms + 1 });
  }
  const [worst] = [...rows].sort(([, a], [, b]) => b.rows - a.rows);
  if (!worst || channels < 2 || worst[1].rows < mostly * alarmRows) return [];
  const [name, { rows: faulty, alarms }] = worst;
  return [
    `${percent(faulty / alarmRows)} of the rows in alarm, ${counted(alarms, 'alarm')}, call the sensor ${JSON.stringify(name)} faulty: where it is, label them or see the rest without it, --leave-out ${named([name])}.`,
  ];
}
