/** What the remediation steps need from their surroundings; lib/adapters/aws and functions/ give it. */
import type { CaseRecord } from '../../contracts/case.ts';
import type { Effect } from '../../contracts/ledger.ts';
import type { RemediationOutcome } from '../../contracts/remediation.ts';
import type { AuditDraft } from '../audit/entry.ts';
import type { Hold } from '../case/holds.ts';
import type { BusEvent } from '../ports.ts';
import type { OpenRemediator, Remediator } from './remediator.ts';

export interface LedgerPort {
  /** Read consistently. */
  get(effectKey: string): Promise<Effect | undefined>;
  /** Creates it where there is none; returns what stands there afterwards. */
  create(effect: Effect): Promise<Effect>;
  /** Writes `next` if the effect still is as `before` says; false when somebody was faster. */
  replace(before: Effect, next: Effect): Promise<boolean>;
}

export type Passing = { readonly pass: true } | { readonly pass: false; readonly waitMs: number };
export type Position = NonNullable<RemediationOutcome['after']>;

export interface RemediationPorts {
  readonly ledger: LedgerPort;
  /** Read consistently. @throws when there is no such case */
  loadCase(caseId: string): Promise<CaseRecord>;
  /** Conditional on the version that `change` saw, again after a conflict. */
  changeCase(caseId: string, change: (record: CaseRecord) => CaseRecord): Promise<CaseRecord>;
  /** How many rounds of review have ended with a yes (approve or override). */
  approvals(caseId: string): Promise<number>;
  audit(draft: AuditDraft): Promise<unknown>;
  /** Why acting on the asset is stopped, from consistent reads of all its scopes; empty when it is not. */
  stopReasons(asset: string): Promise<readonly string[]>;
  /** Why what the effect rests on is too old to send it now; `undefined` when it is not. */
  staleReason(effect: Effect): Promise<string | undefined>;
  /** The asset's newest reading. */
  newestReading(asset: string): Promise<Position | undefined>;
  /** Adds and removes holds on the asset; `remove` names a case's action. */
  changeHolds(
    asset: string,
    change: { readonly add?: Hold; readonly remove?: { readonly caseId: string; readonly action: string } },
  ): Promise<void>;
  /** @throws when the bus has not taken it */
  publish(event: BusEvent): Promise<void>;
  /** @throws where there is none of that name, or it is not configured */
  remediator(name: string): {
    readonly declared: Pick<Remediator, 'offers' | 'endpoint' | 'keyRetentionMs'>;
    readonly open: OpenRemediator;
  };
  /**
   * Whether the endpoint's breaker lets this case call now; half open, it lets one holder pass. Writes nothing while all
   * is well.
   */
  mayCall(endpoint: string, caseId: string): Promise<Passing>;
  /** Tells the breaker how the endpoint did. */
  reportEndpoint(endpoint: string, well: boolean): Promise<void>;
  now(): number;
  /** Milliseconds of a clock that is never set. */
  elapsedMs(): number;
  /** A new id for an attempt, never used before. */
  newAttemptId(): string;
  random(): number;
}
