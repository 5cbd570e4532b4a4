/** In which order assets stand wherever several are shown. */
import type { AssetSummary } from '../api/types.ts';

const rank = ['alarm', 'silent', 'unknown', 'learning', 'normal'];

/** What is not quiet first; those that are alike by name, with numbers in it by their size. */
export const byNeed = (a: AssetSummary, b: AssetSummary): number =>
  rank.indexOf(a.status) - rank.indexOf(b.status) || a.asset.localeCompare(b.asset, 'en', { numeric: true });
