/** Ways in which the SCADA gateway can be told to misbehave, request by request. */
import { z } from 'zod';
import { actions, type ScadaCommand } from './command-store.ts';

export const faultSwitch = z.strictObject({
  /** `slow` waits before it acts, `fail` answers 503 without acting, `refuse` answers 403 without acting, `lose-answer` acts and cuts the connection. */
  mode: z.enum(['slow', 'fail', 'refuse', 'lose-answer']),
  /** How many matching commands it meets. */
  count: z.number().int().min(1).max(1000).default(1),
  delayMs: z.number().int().min(0).max(120_000).default(2_000),
  action: z.enum(actions).optional(),
  asset: z.string().max(64).optional(),
});
export type FaultSwitch = z.infer<typeof faultSwitch>;

/** The switches that are on; each is used up by its count. */
export class FaultSwitches {
  private readonly list: { readonly fault: FaultSwitch; left: number }[] = [];

  add(fault: FaultSwitch): void {
    this.list.push({ fault, left: fault.count });
  }

  clear(): void {
    this.list.length = 0;
  }

  /** The switches with how often each still strikes. */
  get active(): (FaultSwitch & { readonly left: number })[] {
    return this.list.filter(({ left }) => left > 0).map(({ fault, left }) => ({ ...fault, left }));
  }

  /** Takes one use of the first switch that matches. */
  take(command: ScadaCommand): FaultSwitch | undefined {
    const found = this.list.find(
      ({ fault, left }) =>
        left > 0 &&
        (fault.action === undefined || fault.action === command.action) &&
        (fault.asset === undefined || fault.asset === command.asset),
    );
    if (found === undefined) return undefined;
    found.left -= 1;
    return found.fault;
  }
}
