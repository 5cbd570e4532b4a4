/** Labels of cases, by the commands: setting one through the deployment, and reading what is known. */
import { readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { dynamoFlagStore } from '../../../lib/adapters/aws/flag-store.ts';
import { s3ObjectStore } from '../../../lib/adapters/aws/object-store.ts';
import { reviewsOf } from '../../../lib/adapters/aws/review-store.ts';
import type { CaseRecord } from '../../../lib/contracts/case.ts';
import type { Decision } from '../../../lib/contracts/decision.ts';
import { type CaseLabel, type LabelledWindow, labelVersion } from '../../../lib/contracts/label.ts';
import { type KnownLabel, knownLabel, labelsGiven } from '../../../lib/core/case/label.ts';
import { alarmOf } from '../../../lib/core/decision/infer.ts';
import { Documents } from '../../../lib/core/ingest/documents.ts';
import type { PackModel } from '../../../lib/core/pack.ts';
import { decodeEvidence } from '../../../lib/core/window/evidence.ts';
import { evidenceKey } from '../../../lib/core/window/keys.ts';
import { loadPack, openPack } from '../backtest-pack.ts';
import type { CommandContext } from './context.ts';
import { invokeFunction } from './invoke.ts';

const auditOf = (context: CommandContext) => ({ client: context.dynamodb(), table: context.names.table('audit') });

export async function setCaseLabel(
  context: CommandContext,
  caseId: string,
  { label, by, reason, round }: Pick<CaseLabel, 'label' | 'by' | 'reason' | 'round'>,
): Promise<void> {
  const ordinal = labelsGiven(await readChain(auditOf(context), `case#${caseId}`));
  const order: CaseLabel = {
    v: labelVersion,
    caseId,
    answer: 'label',
    ordinal,
    label,
    by,
    reason,
    ...(round !== undefined && { round }),
  };
  await invokeFunction(context, 'review-answer', order);
}

/** What people have said of a case, if anything. */
export async function labelOfCase(context: CommandContext, record: CaseRecord): Promise<KnownLabel | undefined> {
  const cases = { client: context.dynamodb(), table: context.names.table('cases') };
  const [chain, reviews] = await Promise.all([
    readChain(auditOf(context), `case#${record.caseId}`),
    reviewsOf(cases, record.caseId),
  ]);
  return knownLabel(record, chain, reviews);
}

/** Makes training windows of labelled cases from the evidence that their decisions rest on. */
export class CaseWindows {
  readonly #objects: ReturnType<typeof s3ObjectStore>;
  readonly #documents: Documents;
  readonly #flags: ReturnType<typeof dynamoFlagStore>;
  readonly #models = new Map<string, Promise<PackModel | undefined>>();

  constructor(context: CommandContext) {
    this.#objects = s3ObjectStore(context.s3(), context.names.dataBucket);
    this.#documents = new Documents(this.#objects);
    this.#flags = dynamoFlagStore(context.dynamodb(), context.names.table('cases'));
  }

  /** @returns a text saying why, where there is nothing to train from */
  async of(decision: Decision, known: KnownLabel, caseId: string): Promise<LabelledWindow | string> {
    const { window, calibrationHash } = decision.inference;
    if (!window || calibrationHash === undefined) return 'it rests on no window';
    const [bytes, stored] = await Promise.all([
      this.#objects.get(evidenceKey(window.hash)),
      this.#flags.get(decision.flagId),
    ]);
    if (!bytes || !stored) return `its ${bytes ? 'flag' : 'evidence'} is not kept any more`;
    const model = await this.#model(decision.pack);
    if (!model) return `pack ${decision.pack} has no classifier here`;
    const evidence = decodeEvidence(window.hash, bytes);
    const calibration = await this.#documents.calibration(calibrationHash);
    const alarm = alarmOf(stored.flag, evidence, calibration);
    const { features } = await model.classify(evidence.series, calibration, alarm);
    if (!features) return `the classifier of pack ${decision.pack} tells no features`;
    const { label, by, reason } = known;
    return {
      v: labelVersion,
      event: `case:${caseId}`,
      pack: decision.pack,
      label,
      by,
      reason,
      features: [...features],
    };
  }

  #model(pack: string): Promise<PackModel | undefined> {
    const opened = this.#models.get(pack) ?? loadPack(pack).then(openPack);
    this.#models.set(pack, opened);
    return opened;
  }
}
