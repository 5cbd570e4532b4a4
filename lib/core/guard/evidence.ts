/** What policies decide on, in the words of the pack's Cedar schema. Whole numbers: Cedar has no fractions. */
export interface EvidenceContext {
  readonly kind: string;
  /** Why it was flagged. */
  readonly reason: string;
  readonly confidence: number;
  readonly oodPValuePerMille: number;
  readonly evidenceAgeMs: number;
  readonly remedyAction: string;
  readonly remedyTarget: string;
  readonly highImpact: boolean;
  readonly quotaLeft: number;
  readonly stopped: boolean;
  readonly heldByCase: boolean;
  readonly singleClass: boolean;
}
