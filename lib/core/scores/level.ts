/**
 * A reading's score in one byte: the evidence of its row, −log10 of the p-value, on a scale that is fine where thresholds
 * lie and coarse far above them. 0 is no score, 1 is a score of 0, 255 one of 50 or more.
 */

export const noLevel = 0;
const lowest = 1;
const highest = 255;
const largestScore = 50;
/** Scores below this are spaced evenly, those above by the same ratio. */
const bend = 2;
const stretch = (highest - lowest) / Math.log1p(largestScore / bend);

/**
 * @param score −log10 p; what is not finite counts as the largest there is
 * @returns 1 to 255; read back it is within 0.7 % of the score and 0.013
 */
export function levelOf(score: number): number {
  const bounded = Math.min(Math.max(Number.isFinite(score) ? score : largestScore, 0), largestScore);
  return lowest + Math.round(Math.log1p(bounded / bend) * stretch);
}

/** @param level 1 to 255 */
export const scoreOf = (level: number): number => bend * Math.expm1((level - lowest) / stretch);

/** A level with whether the alarm stood, as chunks keep it; 0 where the row was not screened. */
const alarmBit = 256;
export const codeOf = (level: number, isAlarm: boolean): number => level + (isAlarm ? alarmBit : 0);
export const levelIn = (code: number): number => code % alarmBit;
export const isAlarmIn = (code: number): boolean => code >= alarmBit;
export const largestCode = codeOf(highest, true);
