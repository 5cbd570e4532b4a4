/**
 * A long list of which only what is in sight stands in the document. Rows lie at their measured heights, so they may wrap
 * as they like; a row that holds the focus, or that `keep` names, stays wherever it is.
 */
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';

/** Drawn beyond what is in sight, in both directions, so that a quick scroll does not meet emptiness. */
const overscanPx = 600;
/** Before anything was measured. */
const guessedPx = 72;

/** Heights that differ by less are the same: rows that moved by each other’s rounding would be drawn for ever. */
const sameHeightPx = 0.5;

interface Span {
  readonly from: number;
  /** Behind the last. */
  readonly to: number;
}

/** First row whose end lies below `px`. */
function rowAt(offsets: Float64Array, px: number): number {
  let [low, high] = [0, Math.max(0, offsets.length - 2)];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offsets[middle + 1]! > px) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A row that was not measured is as high as the first that ever was: a guess that changed would move thousands at once. */
const heightOf = (key: string, heights: ReadonlyMap<string, number>): number =>
  heights.get(key) ?? heights.values().next().value ?? guessedPx;

/** Where each row begins, and where the last one ends. */
function offsetsOf(keys: readonly string[], heights: ReadonlyMap<string, number>): Float64Array {
  const offsets = new Float64Array(keys.length + 1);
  for (const [row, key] of keys.entries()) offsets[row + 1] = offsets[row]! + heightOf(key, heights);
  return offsets;
}

export function VirtualList<T>({
  items,
  keyOf,
  keep,
  more,
  onEnd,
  children,
}: {
  items: readonly T[];
  keyOf: (item: T) => string;
  /** Key of a row that always stands in the document. */
  keep?: string | undefined;
  /** There are rows behind these that were not loaded. */
  more?: boolean;
  /** The end comes into sight. */
  onEnd?: (() => void) | undefined;
  children: (item: T) => ComponentChildren;
}) {
  const list = useRef<HTMLUListElement>(null);
  const heights = useRef(new Map<string, number>()).current;
  const [measured, setMeasured] = useState(0);
  const [span, setSpan] = useState<Span>({ from: 0, to: 30 });
  // Tells sizes when the browser has them anyway: asking for them after each drawing would make it lay out twice.
  const sizes = useState(
    () =>
      new ResizeObserver((entries) => {
        let changed = false;
        for (const { target, borderBoxSize } of entries) {
          const key = (target as HTMLElement).dataset.key ?? '';
          const height = borderBoxSize[0]?.blockSize ?? 0;
          // Far down the same row measures a little differently wherever it lies: a browser’s pixels are 32-bit floats.
          if (height === 0 || Math.abs(height - heightOf(key, heights)) < sameHeightPx) continue;
          heights.set(key, height);
          changed = true;
        }
        if (changed) setMeasured((count) => count + 1);
      }),
  )[0];
  useEffect(() => () => sizes.disconnect(), []);
  const watch = useRef((row: HTMLLIElement | null) => {
    if (!row) return;
    sizes.observe(row);
    return () => sizes.unobserve(row);
  }).current;
  const [focusedKey, setFocusedKey] = useState<string>();
  const focused = useRef<HTMLElement>(undefined);
  // A row that is put elsewhere in the document loses the focus, though nobody took it away.
  const drawing = useRef(true);
  drawing.current = true;
  const keys = useMemo(() => items.map(keyOf), [items]);
  const offsets = useMemo(() => offsetsOf(keys, heights), [keys, measured]);
  const look = useRef<() => void>(() => undefined);
  look.current = () => {
    const element = list.current;
    if (!element) return;
    const { top } = element.getBoundingClientRect();
    const from = rowAt(offsets, Math.max(0, -top - overscanPx));
    const to = Math.min(keys.length, rowAt(offsets, Math.max(0, innerHeight - top + overscanPx)) + 1);
    if (from !== span.from || to !== span.to) setSpan({ from, to });
  };
  useEffect(() => {
    let asked = 0;
    const later = () => {
      asked ||= requestAnimationFrame(() => {
        asked = 0;
        look.current();
      });
    };
    addEventListener('scroll', later, { passive: true });
    addEventListener('resize', later);
    return () => {
      cancelAnimationFrame(asked);
      removeEventListener('scroll', later);
      removeEventListener('resize', later);
    };
  }, []);
  useLayoutEffect(() => look.current(), [offsets, children]);
  useLayoutEffect(() => {
    if (focused.current?.isConnected && document.activeElement === document.body)
      focused.current.focus({ preventScroll: true });
    drawing.current = false;
  });
  const isAtEnd = span.to >= keys.length;
  useEffect(() => {
    if (isAtEnd && more) onEnd?.();
  }, [isAtEnd, more, keys.length]);
  const rows: number[] = [];
  for (let row = span.from; row < Math.min(span.to, keys.length); row += 1) rows.push(row);
  // Beside what has the focus, its neighbours: Tab goes on from where it is.
  const place = focusedKey === undefined ? -2 : keys.indexOf(focusedKey);
  for (const row of [keep === undefined ? -1 : keys.indexOf(keep), place - 1, place, place + 1])
    if (row >= 0 && row < keys.length && !rows.includes(row)) rows.push(row);
  rows.sort((a, b) => a - b);
  // Scrolling brings some rows and leaves the others as they are: what was drawn for them is given again, and not compared.
  const before = useRef<{ readonly of: readonly unknown[]; readonly rows: ReadonlyMap<number, VNode> }>(undefined);
  const of = [offsets, items, more, children];
  const known = before.current?.of.every((each, at) => each === of[at]) ? before.current.rows : undefined;
  const draw = (row: number): VNode => (
    <li
      key={keys[row]}
      ref={watch}
      data-key={keys[row]}
      // How many there are is unknown while more can be loaded: -1 says so.
      aria-setsize={more ? -1 : keys.length}
      aria-posinset={row + 1}
      style={{ transform: `translateY(${offsets[row]}px)` }}
    >
      {children(items[row]!)}
    </li>
  );
  const drawn = new Map(rows.map((row) => [row, known?.get(row) ?? draw(row)]));
  before.current = { of, rows: drawn };
  return (
    <ul
      ref={list}
      class="virtual"
      style={{ height: `${offsets[keys.length]}px` }}
      onFocusCapture={({ target }: FocusEvent) => {
        if (!(target instanceof HTMLElement)) return;
        focused.current = target;
        setFocusedKey(target.closest('li')?.dataset.key);
      }}
      onBlurCapture={({ relatedTarget }: FocusEvent) => {
        // What gets the focus next must not be taken away before it has it.
        if (drawing.current || (relatedTarget instanceof Node && list.current?.contains(relatedTarget))) return;
        focused.current = undefined;
        setFocusedKey(undefined);
      }}
    >
      {rows.map((row) => drawn.get(row))}
    </ul>
  );
}
