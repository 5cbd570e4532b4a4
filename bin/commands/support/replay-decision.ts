/** What `audit replay` reads of a deployment, and what comes of it. It opens models and policies, so it is loaded late. */
import { readChain } from '../../../lib/adapters/aws/audit-store.ts';
import { projectionOf } from '../../../lib/adapters/aws/decision-store.ts';
import { s3ObjectStore } from '../../../lib/adapters/aws/object-store.ts';
import { modelsPath } from '../../../lib/adapters/models-folder.ts';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import { cedarAuthorizers } from '../../../lib/adapters/policy/cedar.ts';
import type { Decision } from '../../../lib/contracts/decision.ts';
import { type Deployment, deployment } from '../../../lib/contracts/deployment.ts';
import { hashOf } from '../../../lib/core/audit/canonical.ts';
import { configurationChain } from '../../../lib/core/audit/deployment.ts';
import { compare } from '../../../lib/core/decision/compare.ts';
import { packModels } from '../../../lib/core/decision/pack-models.ts';
import { isSame, replay } from '../../../lib/core/decision/replay.ts';
import type { ReplayPoint } from '../../../lib/core/decision/replay-grounds.ts';
import { CorruptDataError } from '../../../lib/core/errors.ts';
import { Documents } from '../../../lib/core/ingest/documents.ts';
import { packs } from '../../../models/index.ts';
import type { CommandContext } from './context.ts';
import type { RecordedDecision } from './recorded-decision.ts';

export interface ReplayReport {
  readonly decisionId: string;
  readonly asset: string;
  /** All of it is as it was recorded, but for rounding. */
  readonly same: boolean;
  /** No number differs, not even by rounding. */
  readonly toTheBit: boolean;
  readonly grounds: readonly ReplayPoint[];
  readonly results: readonly ReplayPoint[];
}

/** Reads and never writes: the caller needs to read the tables audit and decisions and the data bucket. */
export async function replayRecorded(context: CommandContext, recorded: RecordedDecision): Promise<ReplayReport> {
  const { decision } = recorded;
  const objects = s3ObjectStore(context.s3(), context.names.dataBucket);
  const replayed = await replay(
    {
      objects,
      documents: new Documents(objects),
      ...packModels(packs, (pack, file, sha256) => openModel({ path: modelsPath(pack, file), sha256 })),
      authorizerOf: cedarAuthorizers((pack) => modelsPath(pack, 'policies')),
      deployment: await deploymentOf(context, decision),
    },
    decision,
  );
  const grounds = [auditPoint(recorded), await projectionPoint(context, decision), ...replayed.grounds];
  const points = [...grounds, ...replayed.results];
  const same = points.every(isSame);
  const toTheBit = same && points.every(({ result }) => result !== 'close');
  return { decisionId: decision.decisionId, asset: decision.asset, same, toTheBit, grounds, results: replayed.results };
}

/** What was deployed under the hash that the decision names. */
async function deploymentOf(context: CommandContext, { configurationHash }: Decision): Promise<Deployment | undefined> {
  const table = { client: context.dynamodb(), table: context.names.table('audit') };
  const entries = await readChain(table, configurationChain);
  // By what it is, not by what it is called.
  const found = entries.find(({ body }) => hashOf(body.configuration ?? null) === configurationHash);
  return found && deployment.parse(found.body);
}

function auditPoint({ entry, fault }: RecordedDecision): ReplayPoint {
  const { chain, seq } = entry;
  if (!fault) return { what: 'audit', result: 'same', detail: `${chain} seq ${seq}; its chain holds from its start` };
  return {
    what: 'audit',
    result: 'changed',
    detail: `${chain} record ${fault.line}: ${fault.problem}: ${fault.detail}. Compare with the archive or an export ("audit verify").`,
  };
}

async function projectionPoint(context: CommandContext, decision: Decision): Promise<ReplayPoint> {
  const what = 'projection';
  try {
    const live = await projectionOf(context.dynamodb(), context.names.table('decisions'), decision);
    if (!live) return { what, result: 'taken', detail: 'it has left the table of decisions; the audit keeps it' };
    const { result, detail } = compare(decision, live);
    if (result === 'same') return { what, result };
    // The words are those of made and recorded; here they are the audit's and the table's.
    const said = detail?.replace('recorded', 'the audit has').replace('made again', 'the table');
    return { what, result: 'changed', detail: `${said}. "audit rebuild" makes it again.` };
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
    return { what, result: 'changed', detail: `${error.message} "audit rebuild" makes it again.` };
  }
}
