/**
 * A device's clock may be set, and its times then pass twice over the same stretch, or once over one that it never
 * lived through. A window holds one pass, never two that interleave: rows are taken in the order in which they were
 * measured, and where times fall one side of the fall gives way.
 */

/** A row where it was found: rows are given in the order in which they are stored, which is that of their arrival. */
export interface PassingRow {
  readonly bootId: string;
  readonly seq: number;
  readonly tMs: number;
}

/** The row that ends a window. */
export interface LastRow {
  readonly bootId: string;
  /** Absent: the boot's newest. */
  readonly seq?: number;
}

/**
 * Rows of one pass of the clock, in ascending time. Where two passes claim the same times the one with fewer rows gives
 * way, so that a short glitch costs its own rows only; where they are equal the former, and always the former to one that
 * has not come to its end, because there the last row is. A boot that began before the last one's is such a pass, too.
 * @param rows in the order of their arrival, each once
 */
export function onePass<T extends PassingRow>(rows: readonly T[], last: LastRow): T[] {
  const lastSeq = last.seq ?? Number.POSITIVE_INFINITY;
  const own: T[] = [];
  const before: T[] = [];
  const beside: T[] = [];
  const began = new Set<string>();
  let isOver = false;
  for (const row of rows) {
    if (row.bootId === last.bootId) {
      if (row.seq <= lastSeq) own.push(row);
      if (row.seq === lastSeq) isOver = true;
      continue;
    }
    // A boot of which nothing had come before the last row is not what led to it.
    if (isOver && !began.has(row.bootId)) continue;
    began.add(row.bootId);
    (own.length === 0 ? before : beside).push(row);
  }
  own.sort((a, b) => a.seq - b.seq);
  let kept: T[] = [];
  for (let from = 0; from < own.length; ) {
    let to = from + 1;
    while (to < own.length && own[to]!.tMs >= own[to - 1]!.tMs) to += 1;
    kept = joined(kept, own.slice(from, to), to === own.length);
    from = to;
  }
  // Between other boots, and from the last one's beginning on, times decide: a message may have been long under way.
  const all = joined(before.sort(byTime), kept, true);
  return beside.length === 0 ? all : [...all, ...beside].sort(byTime);
}

const byTime = (a: PassingRow, b: PassingRow): number => a.tMs - b.tMs;

/** Two ascending stretches as one. @param isLast nothing follows: the second one may not have come to its end */
function joined<T extends PassingRow>(former: T[], next: T[], isLast: boolean): T[] {
  if (former.length === 0 || next.length === 0) return [...former, ...next];
  const fromMs = next[0]!.tMs;
  const toMs = former.at(-1)!.tMs;
  const formerEnd = former.findIndex(({ tMs }) => tMs > fromMs);
  if (formerEnd < 0) return [...former, ...next];
  const passed = next.findIndex(({ tMs }) => tMs > toMs);
  const nextStart = passed < 0 ? next.length : passed;
  const isUnderWay = isLast && passed < 0;
  return isUnderWay || nextStart >= former.length - formerEnd
    ? [...former.slice(0, formerEnd), ...next]
    : [...former, ...next.slice(nextStart)];
}
