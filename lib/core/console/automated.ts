/** Cases that ended without a person. */
import type { CaseRecord } from '../../contracts/case.ts';

/** Acted upon by itself, and nobody was asked anything: not at the beginning, and not about how it went. */
export const isAutomated = ({ verdict, rounds, resolution }: CaseRecord): boolean =>
  verdict === 'act' && rounds === undefined && (resolution === 'verified' || resolution === 'acted-unverified');
