/** The shift that ends now, and notes from shift to shift, as the console reads them. */
import type { HandoverNoteView, HandoverQuery, HandoverView } from '../../../contracts/api.ts';
import { referenceRates } from '../../../core/operations/alarm-load.ts';
import { type Handover, handover } from '../../../core/operations/handover.ts';
import { openCaseMarks } from '../cases-table.ts';
import { newestHandovers, type StoredHandover } from '../handover-store.ts';
import { listStops } from '../stop-store.ts';
import { closedCases, partsOf, readRecords, summariesOf } from './case-reader.ts';
import { indexPage } from './index-pages.ts';
import { namesOf } from './names.ts';
import { shownOrders, standingOrders } from './orders-reader.ts';
import { shownStops } from './overview.ts';
import { type ConsoleWorld, tableAt } from './world.ts';

const hourMs = 3_600_000;
/** What is read for one handover at most, and what of it is listed. */
const maxOpen = 500;
const maxClosed = 1_000;
const listed = { open: 200, ended: 100 };
const shownNotes = 20;

/** The shift that ends now, from records. */
export async function shiftNow(
  world: ConsoleWorld,
  { hours, operators }: HandoverQuery,
): Promise<{ readonly shift: Handover; readonly view: HandoverView }> {
  const toMs = world.now();
  const fromMs = Math.round(toMs - hours * hourMs);
  const at = tableAt(world, 'cases');
  const [orders, stops, closed, open] = await Promise.all([
    standingOrders(world),
    listStops(tableAt(world, 'stop')),
    // Whatever was opened in the shift is open still, or was closed since it began.
    closedCases(world, maxClosed, { fromMs }),
    indexPage(at, openCaseMarks, maxOpen),
  ]);
  const ids = open.keys.map(({ pk }) => pk.slice('case#'.length));
  const cases = [...(await readRecords(world, ids)).values()].filter(({ status }) => status !== 'closed');
  const shift = handover({
    fromMs,
    toMs,
    operators,
    cases: [...cases, ...closed],
    orders: orders.map(({ order }) => order),
    stops,
  });
  // Questions and claims only of those that are shown.
  const oldest = cases.sort((a, b) => a.openedAtMs - b.openedAtMs).slice(0, listed.open);
  const parts = await partsOf(world, new Map(oldest.map((record) => [record.caseId, record])));
  const ended = closed.slice(0, listed.ended).map((record) => ({ record, reviews: [] }));
  return {
    shift,
    view: {
      fromMs,
      toMs,
      operators,
      stops: await shownStops(
        world,
        stops.filter(({ stopped }) => stopped),
      ),
      open: await summariesOf(world, [...parts.values()]),
      ended: await summariesOf(world, ended),
      opened: shift.opened,
      closed: shift.closed,
      plannedWork: await shownOrders(world, shift.plannedWork),
      shelved: await shownOrders(world, shift.shelved),
      alarmLoad: {
        ...shift.alarmLoad,
        reference: {
          acceptablePerHour: referenceRates.acceptablePerHour,
          manageablePerHour: referenceRates.manageablePerHour,
          source: referenceRates.source,
        },
      },
      complete: open.next === undefined && closed.length < maxClosed,
    },
  };
}

export const storedHandovers = (world: ConsoleWorld): Promise<StoredHandover[]> =>
  newestHandovers(tableAt(world, 'operations'), shownNotes);

export async function shownHandovers(
  world: ConsoleWorld,
  stored: readonly Pick<StoredHandover, 'note'>[],
): Promise<HandoverNoteView[]> {
  const nameOf = await namesOf(
    world,
    stored.flatMap(({ note }) => [note.by, note.taken?.by]),
  );
  return stored.map(({ note: { v: _, by, taken, ...rest } }) => ({
    ...rest,
    by: nameOf(by),
    ...(taken && { taken: { by: nameOf(taken.by), atMs: taken.atMs } }),
  }));
}
