/** For each safeguard a situation in which it alone keeps a promise. With the safeguard, nothing may be broken by it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { invokeFunction } from '../../bin/commands/support/invoke.ts';
import { repositoryRoot } from '../../layers/build.ts';
import type { Armory } from './armory.ts';
import type { Sending } from './endpoint-proxy.ts';
import type { AskedCase, Load } from './load.ts';
import type { MutationName } from './mutations.ts';
import type { Stage } from './stage.ts';

/** What a provocation plays with. */
export interface Play {
  readonly stage: Stage;
  readonly armory: Armory;
  readonly load: Load;
  /** The asset whose case it is. */
  readonly asset: string;
}

/** @returns what was broken before everybody's eyes; the account at the end finds the rest */
type Provocation = (play: Play) => Promise<string[]>;

/** Farther than a lease, nearer than a signature may be old. */
const leaseIsOverMs = 60_000;
const noMoreThanMs = 60_000;

export const provocations: Readonly<Record<MutationName, Provocation>> = {
  /** While the endpoint takes its time with a command, somebody asks what became of it. */
  'lease-condition': async (play) => {
    const { stage } = play;
    const sent = nextCommand(stage, 5_000);
    const closing = openCase(play);
    const sending = await sent;
    await Promise.all([reconcile(stage, sending), reconcile(stage, sending)]);
    await ended(closing);
    return [];
  },
  /** An attempt hears nothing, another one finds out what happened, and then the first one reports after all. */
  fence: async (play) => {
    const { stage, armory } = play;
    strikeNext(armory, 'endpoint-timeout-after');
    const sent = nextCommand(stage, 0);
    const closing = openCase(play);
    const sending = await sent;
    stage.setClock(leaseIsOverMs);
    for (let look = 0; look < 4; look += 1) {
      await sleep(500);
      await reconcile(stage, sending);
    }
    await ended(closing);
    stage.setClock(0);
    return [];
  },
  /** The function dies while the endpoint acts; what happened is found out by asking. */
  'announce-before-act': async (play) => {
    const { stage, armory } = play;
    strikeNext(armory, 'function-killed-while-acting');
    const sent = nextCommand(stage, 0);
    const closing = openCase(play);
    await sent;
    await sleep(300);
    stage.setClock(leaseIsOverMs);
    await ended(closing);
    stage.setClock(0);
    return [];
  },
  /** The runtime dies when a case's flow has just been started, and that was written down. */
  'journal-before-act': async (play) => {
    const { stage } = play;
    const started = Promise.withResolvers<void>();
    stage.witness.onStarted = started.resolve;
    const closing = openCase(play);
    await started.promise;
    await stage.killRuntime();
    await ended(closing);
    return [];
  },
  /** The disk is full while a device speaks. */
  'puback-after-durable': async (play) => {
    await play.stage.fillDisk(3_000);
    await ended(openCase(play));
    return [];
  },
  /** A person stops the asset when the permit was given and the call is about to leave. */
  'stop-check': async (play) => {
    const { stage, asset } = play;
    const acting = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    for (const proxy of stage.aws) {
      proxy.before = async (call, functionName) => {
        if (functionName !== 'remediate' || !call.body.includes('effect-announced')) return;
        proxy.before = undefined;
        acting.resolve();
        await stopped.promise;
      };
    }
    const closing = openCase(play);
    await acting.promise;
    await command(stage, 'stop', '--scope', `asset#${asset}`, '--reason', 'a campaign wants it', '--by', 'first');
    const backMs = performance.now();
    stopped.resolve();
    await sleep(3_000);
    const late = stage.endpoint.sendings.filter((one) => one.asset === asset && one.atMs > backMs);
    for (const by of ['first', 'second'])
      await command(stage, 'resume', '--scope', `asset#${asset}`, '--reason', 'a campaign is done', '--by', by);
    await ended(closing);
    return late.map(({ key }) => `effect ${key} was sent after the stop had come back`);
  },
};

const openCase = ({ load, asset }: Play): Promise<AskedCase> => load.case(asset, load.asked.length, 'leak');

/** A mutated stack may never come to an end: the account says so. */
const ended = async (closing: Promise<AskedCase>): Promise<void> => {
  await Promise.race([closing, sleep(noMoreThanMs, undefined, { ref: false })]);
};

function strikeNext(armory: Armory, kind: 'endpoint-timeout-after' | 'function-killed-while-acting'): void {
  armory.add({ kind, atCase: 0, skip: 0, times: 1, ms: 0 });
}

/** The next command that arrives at the endpoint, which then waits for so long. */
function nextCommand(stage: Stage, holdMs: number): Promise<Sending> {
  const { promise, resolve } = Promise.withResolvers<Sending>();
  stage.endpoint.before = async (sending) => {
    stage.endpoint.before = undefined;
    resolve(sending);
    await sleep(holdMs);
  };
  return promise;
}

async function reconcile(stage: Stage, { caseId, key }: Sending): Promise<void> {
  const asking = { caseId, effectKey: key, attempt: 0 };
  await invokeFunction(stage.stack.context, 'reconcile', asking).catch(() => undefined);
}

/** A command as a person gives it. */
async function command(stage: Stage, ...words: string[]): Promise<void> {
  const program = join(repositoryRoot, 'bin/groundcrew.ts');
  const child = spawn(process.execPath, [program, ...words, '--data', stage.stack.data, '--json'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said += bytes.toString('utf8');
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`groundcrew ${words.join(' ')} failed: ${said}`);
}
