/** How much history the classifier looks at: ten minutes of rows a second, half a day of rows a minute. */
export const windowMs = 12 * 3_600_000;
export const windowMaxRows = 640;
