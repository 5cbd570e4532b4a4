/** A campaign: the real stack under a seeded schedule of faults, and an account of every promise at its end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { invokeFunction } from '../../bin/commands/support/invoke.ts';
import { childRandom, integerBetween } from '../../lib/core/random.ts';
import { stackAssembly } from '../stack/assembly.ts';
import { openEffects, undecidedFlags, unfinishedCases } from '../stack/promises.ts';
import { type Account, accountFor } from './account.ts';
import { Armory } from './armory.ts';
import { type PlannedFault, planOf } from './faults.ts';
import { Load, type LoadOptions } from './load.ts';
import { People } from './people.ts';
import { campaignConfiguration, Stage, type StageOptions } from './stage.ts';
import { StopSwitch } from './stop-switch.ts';

export interface CampaignOptions {
  readonly cases: number;
  readonly seed: number;
  /** No case is opened later. */
  readonly minutes: number;
  readonly tell: (line: string) => void;
}

/** One case in so many is answered with no; odd ones ask. */
const rejectEvery = 20;
const rejectAt = 7;
/** So is every so many-th whose first yes is taken back. */
const regretEvery = 20;
const regretAt = 3;
const mostThinkingMs = 400;
const postsAtMost = 32;
const sweepEveryMs = 5_000;
const tellEveryMs = 10_000;
/** A lease, the sweeper's patience, a breaker's longest pause in such a run, and all of it twice. */
const drainForMs = 6 * 60_000;

export const campaignAssembly = () => stackAssembly('campaign-assembly', campaignConfiguration);

/** @returns the account; what it calls broken is what the stack did not keep */
export async function runCampaign({ cases, seed, minutes, tell }: CampaignOptions): Promise<Account> {
  const startedMs = performance.now();
  const armory = new Armory(planOf(seed, cases));
  tell('making the stack');
  const assembly = await campaignAssembly();
  const campaign = await openCampaign({
    assembly,
    armory,
    seed,
    cases,
    posts: Math.min(postsAtMost, Math.max(4, Math.ceil(cases / 3))),
    untilMs: startedMs + minutes * 60_000,
  });
  const { load } = campaign;
  const telling = new AbortController();
  let holds = false;
  try {
    await load.prepare();
    tell(`the stack runs; opening ${cases} cases`);
    const teller = progress(load, armory, tell, telling.signal);
    // Nobody waits for ever: what has not ended by then is what the account is about.
    const patience = setTimeout(() => void load.finish(), minutes * 60_000 + drainForMs);
    await load.run();
    clearTimeout(patience);
    for (const left of armory.disarm()) tell(`had no occasion: ${left.kind} at case ${left.atCase}`);
    tell('waiting for the end of everything');
    const account = await campaign.conclude(drainForMs);
    telling.abort();
    await teller;
    holds = account.broken.length === 0;
    if (!holds) tell(`what the stack left behind stays in ${campaign.stage.stack.dir}`);
    return account;
  } finally {
    telling.abort();
    await campaign.close(!holds);
  }
}

/** A stage with its load and its people, who answer from now on, and schedules that come by. */
export interface Campaign {
  readonly stage: Stage;
  readonly load: Load;
  /** Waits for the end of everything, so long at most, and accounts for it. */
  conclude(forMs: number): Promise<Account>;
  /** @param keep leaves the stack's folder where it is */
  close(keep: boolean): Promise<void>;
}

export async function openCampaign(
  options: Pick<StageOptions, 'assembly' | 'armory' | 'nodeArguments'> & Omit<LoadOptions, 'onOpen'>,
): Promise<Campaign> {
  const startedMs = performance.now();
  const { armory, seed } = options;
  let load: Load | undefined;
  let people: People | undefined;
  const stage = await Stage.open({
    ...options,
    onSaid: ({ type, caseId, asset }) => {
      if (type === 'ReviewRequested') people?.asked(caseId);
      if (type === 'CaseClosed') load?.heard(asset);
    },
  });
  const stops = new StopSwitch(stage.stack);
  const outages: Promise<void>[] = [];
  const open = async (ordinal: number, asset: string): Promise<void> => {
    for (const fault of armory.arm(ordinal)) {
      const { kind, ms } = fault;
      if (kind === 'stop-pressed' && armory.take({ kinds: [kind] })) stops.press(fault, asset);
      else if (kind === 'endpoint-down' && armory.take({ kinds: [kind] })) outages.push(stage.breakEndpoint(ms));
      else await strikeAtOnce(stage, armory, fault);
    }
  };
  const work = new Load(stage, { ...options, onOpen: open });
  load = work;
  const random = childRandom(seed, 'people');
  const everybody = new People(
    stage.stack,
    (asset) => (work.present(asset)?.ordinal ?? 0) % rejectEvery === rejectAt,
    (asset) => (work.present(asset)?.ordinal ?? 0) % regretEvery === regretAt,
    () => integerBetween(random, 0, mostThinkingMs),
  );
  people = everybody;
  const sweeping = new AbortController();
  const sweeper = sweep(stage, everybody, sweeping.signal);
  const stopWorking = async (): Promise<void> => {
    sweeping.abort();
    everybody.goHome();
    await sweeper;
  };
  return {
    stage,
    load: work,
    async conclude(forMs) {
      stage.setClock(0);
      await stage.running();
      await Promise.all([stops.settled(), ...outages]);
      await Promise.all(stage.aws.map((proxy) => proxy.release()));
      await work.finish();
      await drain(stage, work, forMs);
      await stopWorking();
      await insist(() => invokeFunction(stage.stack.context, 'checkpoint', {}));
      return await accountFor(stage, work, armory, { seed, startedMs, stops, people: everybody });
    },
    async close(keep) {
      await stopWorking();
      await work.finish();
      await work.stop();
      await stops.close();
      await stage.close(keep);
    },
  };
}

/** What needs no occasion strikes when it is armed. */
async function strikeAtOnce(stage: Stage, armory: Armory, { kind, ms, functionName }: PlannedFault): Promise<void> {
  if (kind === 'clock-stepped' && armory.take({ kinds: [kind] })) stage.setClock(ms);
  if (kind === 'disk-full' && armory.take({ kinds: [kind] })) await stage.fillDisk(ms);
  if (kind === 'function-called-twice' && functionName !== undefined) await stage.callTwice(functionName);
}

/** The schedules, which come by more often than once a minute; and whoever looks at the list of open questions. */
async function sweep(stage: Stage, people: People, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(sweepEveryMs, undefined, { signal }).catch(() => undefined);
    for (const name of ['sweeper', 'reconcile', 'review-answer', 'silence'] as const)
      await invokeFunction(stage.stack.context, name, {}).catch(() => undefined);
    for (const caseId of await openQuestions(stage).catch(() => [])) people.asked(caseId);
  }
}

async function openQuestions(stage: Stage): Promise<string[]> {
  const { context } = stage.stack;
  const { openCases } = await import('../../lib/adapters/aws/case-finder.ts');
  const open = await openCases({ client: context.dynamodb(), table: context.names.table('cases') });
  return open.filter(({ status }) => status === 'in-review').map(({ caseId }) => caseId);
}

async function drain(stage: Stage, load: Load, forMs: number): Promise<void> {
  const untilMs = performance.now() + forMs;
  await load.drain(Math.min(forMs, 60_000));
  while (performance.now() < untilMs) {
    const { stack } = stage;
    const left = await Promise.all([undecidedFlags(stack), unfinishedCases(stack), openEffects(stack)]).catch(
      () => undefined,
    );
    if (left !== undefined && left[0].wrong.length + left[1].length + left[2].length === 0) break;
    await sleep(1_000);
  }
  await Promise.all(load.asked.map((one) => load.look(one)));
}

async function insist<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 5) throw error;
      await sleep(1_000);
    }
  }
}

async function progress(load: Load, armory: Armory, tell: (line: string) => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(tellEveryMs, undefined, { signal }).catch(() => undefined);
    const closed = load.asked.filter(({ closedMs }) => closedMs !== undefined).length;
    tell(`${load.asked.length} opened, ${closed} closed, ${armory.strikes.length} faults`);
  }
}
