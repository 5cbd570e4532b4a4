/** US dollars with so many digits as can be read: two places, or two digits of what is less than ten cents. */
export const usd = (amount: number): string =>
  `${amount.toLocaleString('en-GB', amount < 0.1 ? { maximumSignificantDigits: 2 } : { minimumFractionDigits: 2, maximumFractionDigits: 2 })}\u00a0USD`;
