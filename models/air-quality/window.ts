/** How much history the classifier looks at: two days, so that a day before the onset is there to compare with. */
export const windowMs = 48 * 3_600_000;
/** Two days of rows five minutes apart, and some to spare; faster assets are seen over a shorter time. */
export const windowMaxRows = 640;
