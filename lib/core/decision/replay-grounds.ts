/** What a decision was made from, found again by the hashes that it names; and what of it is not what it was. */
import type { AssetRegistration } from '../../contracts/asset.ts';
import type { Calibration } from '../../contracts/calibration.ts';
import { type Decision, type RaisedBy, raisedBy as raisedBySchema } from '../../contracts/decision.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { CorruptDataError } from '../errors.ts';
import type { Authorizer, GuardPorts } from '../guard/guard.ts';
import type { Documents } from '../ingest/documents.ts';
import type { Pack, PackModel } from '../pack.ts';
import type { ObjectStore } from '../ports.ts';
import { decodeEvidence, encodeEvidence } from '../window/evidence.ts';
import { calibrationKey, evidenceKey, registrationKey } from '../window/keys.ts';
import type { Window } from '../window/read-window.ts';
import { compare } from './compare.ts';
import type { InferPorts } from './infer.ts';

/** One thing that was looked at. */
export interface ReplayPoint {
  readonly what: string;
  /**
   * `close`: the same but for rounding. `taken`: cannot be made again, so what was recorded counts. `changed`: it is there
   * and not what its hash names. `replaced`: another one has its place. `not-made`: something that it needs is not there.
   */
  readonly result: 'same' | 'close' | 'taken' | 'differs' | 'missing' | 'changed' | 'replaced' | 'not-made';
  readonly difference?: number;
  /** What was got, what was wanted, what to do. */
  readonly detail?: string;
}

/** Nothing here can write. */
export interface ReplayPorts extends Pick<InferPorts, 'packOf' | 'modelOf'>, Pick<GuardPorts, 'authorizerOf'> {
  readonly documents: Pick<Documents, 'registration' | 'calibration'>;
  readonly objects: Pick<ObjectStore, 'get'>;
  /** What was deployed under the hash that the decision names, as the audit has it; `undefined` where it has nothing. */
  readonly deployment: Deployment | undefined;
}

/** What was found; a member that is not there is told by a point. */
export interface Found {
  readonly points: readonly ReplayPoint[];
  readonly raisedBy?: RaisedBy;
  readonly registration?: AssetRegistration;
  readonly pack?: Pack;
  readonly window?: Window;
  readonly calibration?: Calibration;
  /** `null` for a pack that only screens. */
  readonly model?: PackModel | null;
  readonly authorizer?: Authorizer;
}

const formerVersion = 'The data bucket keeps former versions of its objects: put the one back whose hash is right.';

/** Finds all of it, whatever is missing on the way: an auditor is told everything at once. */
export async function findGrounds(ports: ReplayPorts, decision: Decision): Promise<Found> {
  const { inference, asset } = decision;
  const { window: ref, calibrationHash } = inference;
  const points: ReplayPoint[] = [];
  /** What `find` gives, or a point that says what is wrong. */
  const look = async <T>(what: string, find: () => T | Problem | Promise<T | Problem>): Promise<T | undefined> => {
    const found = await find();
    points.push(found instanceof Problem ? { what, ...found.said } : { what, result: 'same' });
    return found instanceof Problem ? undefined : found;
  };
  if (decision.configurationHash !== undefined)
    await look('configuration', () => ports.deployment ?? noDeployment(decision.configurationHash!));
  const raisedBy = await look('alarm', () => alarmOfRecord(decision));
  const registration = await look('registration', () => {
    const { registrationHash } = decision;
    if (registrationHash === undefined) return notKept('registration');
    return document(registrationKey(registrationHash), () => ports.documents.registration(registrationHash));
  });
  const pack = await look('pack', async () => (await ports.packOf(decision.pack)) ?? noPack(decision.pack));
  const window = ref && (await look('window', () => windowOf(ports, asset, ref)));
  const calibration =
    calibrationHash === undefined
      ? undefined
      : await look('calibration', () =>
          document(calibrationKey(calibrationHash), () => ports.documents.calibration(calibrationHash)),
        );
  const model = ref && pack && (await look('model', () => modelOfRecord(ports, pack, inference.modelHash)));
  const authorizer = await look('policies', () => policiesOf(ports, decision));
  return {
    points,
    ...(raisedBy && { raisedBy }),
    ...(registration && { registration }),
    ...(pack && { pack }),
    ...(window && { window }),
    ...(calibration && { calibration }),
    ...(model !== undefined && { model }),
    ...(authorizer && { authorizer }),
  };
}

class Problem {
  readonly said: Pick<ReplayPoint, 'result' | 'detail'>;
  constructor(result: ReplayPoint['result'], detail: string) {
    this.said = { result, detail };
  }
}

/** Data that do not read back are told like all else; a store that cannot be reached or refuses ends the command. */
async function document<T>(key: string, read: () => Promise<T>): Promise<T | Problem> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
    if (error.code === 'document-missing') return new Problem('missing', `${key} is not there. ${formerVersion}`);
    return new Problem('changed', `${error.message} ${formerVersion}`);
  }
}

const notKept = (what: string): Problem =>
  new Problem('missing', `The decision does not name its ${what}: it was recorded before decisions did.`);

const noDeployment = (hash: string): Problem =>
  new Problem(
    'missing',
    `The audit has no configuration ${hash}. It is written within ten minutes of a deployment: wait, or see why the checkpoint function fails.`,
  );

const noPack = (name: string): Problem =>
  new Problem('missing', `There is no pack "${name}" here: run this in the version of the project that had it.`);

const alarmOfRecord = ({ raisedBy }: Decision): RaisedBy | Problem =>
  raisedBy ? raisedBySchema.parse(raisedBy) : notKept('alarm');

async function windowOf(
  { objects }: ReplayPorts,
  asset: string,
  ref: NonNullable<Decision['inference']['window']>,
): Promise<Window | Problem> {
  const key = evidenceKey(ref.hash);
  const bytes = await objects.get(key);
  if (!bytes)
    return new Problem('missing', `${key} is not there: the readings of the decision were deleted. ${formerVersion}`);
  const window = await document(key, async () => decodeEvidence(ref.hash, bytes));
  if (window instanceof Problem) return window;
  // The record says more of the window than its hash: whose it is, and where it begins and ends.
  const { result, detail } = compare(ref, encodeEvidence(asset, window).ref);
  return result === 'same' ? window : new Problem('changed', `It is another window than recorded: ${detail}.`);
}

async function modelOfRecord(
  { modelOf }: ReplayPorts,
  pack: Pack,
  wanted: string | undefined,
): Promise<PackModel | null | Problem> {
  const { name, model } = pack.manifest;
  const got = pack.open ? model?.sha256 : undefined;
  if (got !== wanted)
    return new Problem(
      'replaced',
      `Wanted model ${wanted ?? 'none'} of pack ${name}, got ${got ?? 'none'}: run this in the version of the project that had it ("git log -S ${wanted ?? got} -- models/${name}" names it).`,
    );
  try {
    return (await modelOf(pack)) ?? null;
  } catch (error) {
    const { code, message } = error as Error & { code?: unknown };
    if (code === 'ENOENT') return new Problem('missing', `${message}. Put the file of this version back.`);
    if (code !== 'MODEL_HASH') throw error;
    return new Problem('changed', `${message} Put the file of this version back.`);
  }
}

/** Where no policy could be opened, none was named. */
const noPolicies = /^0{64}$/;

async function policiesOf({ authorizerOf }: ReplayPorts, { pack, guard }: Decision): Promise<Authorizer | Problem> {
  if (noPolicies.test(guard.policyHash))
    return new Problem('missing', 'The policies could not be opened when it was decided, so none are named.');
  let authorizer: Authorizer;
  try {
    authorizer = authorizerOf(pack);
  } catch (error) {
    return new Problem('missing', `The policies of pack ${pack} do not open here: ${(error as Error).message}`);
  }
  if (authorizer.policyHash === guard.policyHash) return authorizer;
  return new Problem(
    'replaced',
    `Wanted policies ${guard.policyHash} of pack ${pack}, got ${authorizer.policyHash}: run this in the version of the project that had them (see the history of models/${pack}/policies), or with GROUNDCREW_MODELS_DIR at a copy of models/ that has them.`,
  );
}
