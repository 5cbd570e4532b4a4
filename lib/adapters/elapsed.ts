/**
 * Milliseconds of a clock that never goes back. Not `performance`, at whose first look Node loads seven modules of its
 * own: a hundredth of a function's start.
 */
export const elapsedMs = (): number => Number(process.hrtime.bigint()) / 1e6;
