/** How far a share that was counted may be from the true one. */

/** Two-sided 95 % of the normal distribution. */
const z = 1.959963984540054;

/**
 * Wilson's score interval of 95 % for `n` of `of`. Source: E. B. Wilson, Probable inference, the law of succession, and
 * statistical inference, JASA 22 (1927). With nothing counted it says nothing: 0 to 1.
 * @example wilson(0, 10) // { low: 0, high: 0.278 }
 */
export function wilson(n: number, of: number): { readonly low: number; readonly high: number } {
  if (of <= 0) return { low: 0, high: 1 };
  const p = n / of;
  const square = (z * z) / of;
  const center = (p + square / 2) / (1 + square);
  const half = (z / (1 + square)) * Math.sqrt((p * (1 - p)) / of + square / (4 * of));
  return { low: n === 0 ? 0 : Math.max(0, center - half), high: n === of ? 1 : Math.min(1, center + half) };
}
