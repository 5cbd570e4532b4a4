/**
 * A share in per cent; where it is nearly nothing or nearly all, with a decimal.
 * @example percent(0.874) // '87 %'
 */
export const percent = (share: number): string =>
  `${(share * 100).toLocaleString('en-GB', { maximumFractionDigits: share > 0.99 || share < 0.01 ? 1 : 0 })}\u00a0%`;
