/** People who stop effects in the midst of a campaign and resume them, two of them; and when a stop stood for certain. */
import { setTimeout as sleep } from 'node:timers/promises';
import { switchOf } from '../../bin/commands/stop.ts';
import { GroundcrewError } from '../../lib/core/errors.ts';
import { resumeEffects, type StopPorts, stopEffects } from '../../lib/core/guard/stop.ts';
import { actingSite } from '../stack/plant.ts';
import type { Stack } from '../stack/stack.ts';
import type { PlannedFault } from './faults.ts';

/** From when its writing was acknowledged until a resuming write began, by `performance.now()`. */
export interface Stood {
  readonly covers: (asset: string) => boolean;
  readonly fromMs: number;
  untilMs: number;
}

const insistEveryMs = 300;
const reason = 'a campaign wants it';

export class StopSwitch {
  readonly stood: Stood[] = [];
  /** What the switch let happen and must not. */
  readonly wrong: string[] = [];
  readonly #stack: Stack;
  #last: Promise<void> = Promise.resolve();
  #over = false;

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /** Stops at once, or when what was stopped before is resumed; comes back without waiting for it. */
  press({ scope = 'all', ms }: PlannedFault, asset: string): void {
    const named = scope === 'all' ? 'all' : scope === 'site' ? `site#${actingSite}` : `asset#${asset}`;
    const covers = (one: string): boolean => scope !== 'asset' || one === asset;
    this.#last = this.#last.then(() => this.#press(named, covers, ms));
  }

  /** Resolves when nothing is stopped any more. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async close(): Promise<void> {
    this.#over = true;
    await this.#last;
  }

  async #press(scope: string, covers: Stood['covers'], forMs: number): Promise<void> {
    let stood: Stood | undefined;
    const order = (by: string) => ({ scope, by: `${by} (campaign)`, reason });
    await this.#insist(async (ports) => {
      const set: StopPorts['set'] = async (state) => {
        await ports.set(state);
        if (stood === undefined) {
          stood = { covers, fromMs: performance.now(), untilMs: Number.POSITIVE_INFINITY };
          this.stood.push(stood);
        }
      };
      await stopEffects({ ...ports, set }, order('first'));
    });
    await sleep(forMs);
    const replace =
      (ports: StopPorts): StopPorts['replace'] =>
      async (before, next) => {
        if (!next.stopped && stood !== undefined) stood.untilMs = Math.min(stood.untilMs, performance.now());
        return await ports.replace(before, next);
      };
    // However often one person asks, it takes another one. Who asks again after a lost answer hears so, too.
    for (let time = 0; time < 2; time += 1)
      await this.#insist(async (ports) => {
        const { stopped } = await resumeEffects({ ...ports, replace: replace(ports) }, order('first'));
        if (!stopped) this.wrong.push(`${scope} was resumed by one person alone`);
      }, 'same-person');
    await this.#insist(
      (ports) => resumeEffects({ ...ports, replace: replace(ports) }, order('second')),
      // The answer to the write that resumed was lost.
      'not-stopped',
    );
  }

  /** Does it again until it is done, for tables and runtime die at times. @param enough an error that says that it is */
  async #insist(work: (ports: StopPorts) => Promise<unknown>, enough?: string): Promise<void> {
    while (!this.#over) {
      try {
        await work(switchOf(this.#stack.context));
        return;
      } catch (error) {
        if (error instanceof GroundcrewError && error.code === enough) return;
        await sleep(insistEveryMs);
      }
    }
  }
}
