/** What the SCADA gateway must not forget: which keys it has seen, what it did, and what it answered. */
import { join } from 'node:path';
import { z } from 'zod';
import { assetId } from '../../../lib/contracts/common.ts';
import { actionName, targetName } from '../../../lib/contracts/remediation.ts';
import { DurableLog } from './durable-log.ts';
import { physicalActions } from './live.ts';

export const actions = [...physicalActions, 'raise-ticket'] as const;

/**
 * A command as it comes in. Clients may send more than this (their own ids, a version); it is kept in the fingerprint
 * and otherwise ignored. A setpoint's `value` may stand at the top or under `parameters`.
 */
export const scadaCommand = z.looseObject({
  action: actionName.pipe(z.enum(actions)),
  target: targetName,
  asset: assetId,
  value: z.number().optional(),
  parameters: z.record(z.string().max(64), z.union([z.string().max(256), z.number(), z.boolean()])).optional(),
  reason: z.string().max(1000).optional(),
  caseId: z.string().max(128).optional(),
});
export type ScadaCommand = z.infer<typeof scadaCommand>;

const effect = z.strictObject({
  type: z.literal('effect'),
  key: z.string(),
  /** CMD-000001 for something physical, WO-0001 for a work order. */
  reference: z.string(),
  physical: z.boolean(),
  action: z.enum(actions),
  target: z.string(),
  asset: z.string(),
  value: z.number().optional(),
  reason: z.string().optional(),
  caseId: z.string().optional(),
  /** Simulated time of the row from which on it holds. */
  atMs: z.number(),
});
/** Something that was done, or a work order that was written. */
export type Effect = z.infer<typeof effect>;

const result = z.strictObject({
  type: z.literal('result'),
  key: z.string(),
  fingerprint: z.string(),
  status: z.number().int(),
  body: z.record(z.string(), z.unknown()),
});
export type StoredResult = z.infer<typeof result>;

const begun = z.strictObject({ type: z.literal('begun'), key: z.string(), fingerprint: z.string() });

/** Most keys that are remembered; more are refused rather than forgotten. */
export const maxKeys = 100_000;

export class CommandStore {
  private readonly log: DurableLog<z.infer<typeof entry>>;
  private readonly fingerprints = new Map<string, string>();
  private readonly results = new Map<string, StoredResult>();
  private readonly done: Effect[] = [];

  /** Opens the store in a folder; the folder is made where it is missing. */
  constructor(dir: string) {
    this.log = new DurableLog({ path: join(dir, 'scada.jsonl'), parse: (value) => entry.parse(value), sync: true });
    for (const record of this.log.initial) this.remember(record);
  }

  /** Everything done so far, in order. */
  get effects(): readonly Effect[] {
    return this.done;
  }
  get full(): boolean {
    return this.fingerprints.size >= maxKeys;
  }
  fingerprintOf(key: string): string | undefined {
    return this.fingerprints.get(key);
  }
  resultOf(key: string): StoredResult | undefined {
    return this.results.get(key);
  }
  effectsOf(key: string): Effect[] {
    return this.done.filter((one) => one.key === key);
  }

  begin(key: string, fingerprint: string): void {
    if (!this.fingerprints.has(key)) this.put({ type: 'begun', key, fingerprint });
  }

  /** Counts an effect. Written before the plant moves, so that a count is never missing; replay makes it move. */
  count(command: ScadaCommand, key: string, atMs: number): Effect {
    const physical = command.action !== 'raise-ticket';
    const number = this.done.filter((one) => one.physical === physical).length + 1;
    const reference = physical ? `CMD-${String(number).padStart(6, '0')}` : `WO-${String(number).padStart(4, '0')}`;
    const { action, target, asset, reason, caseId } = command;
    const value = setpointOf(command);
    const record: Effect = {
      type: 'effect',
      key,
      reference,
      physical,
      action,
      target,
      asset,
      atMs,
      ...(value === undefined ? {} : { value }),
      ...(reason === undefined ? {} : { reason }),
      ...(caseId === undefined ? {} : { caseId }),
    };
    this.put(record);
    return record;
  }

  finish(stored: Omit<StoredResult, 'type'>): StoredResult {
    const record: StoredResult = { type: 'result', ...stored };
    this.put(record);
    return record;
  }

  close(): void {
    this.log.close();
  }

  private put(record: z.infer<typeof entry>): void {
    this.log.append(record);
    this.remember(record);
  }

  private remember(record: z.infer<typeof entry>): void {
    if (record.type === 'begun') this.fingerprints.set(record.key, record.fingerprint);
    else if (record.type === 'effect') this.done.push(record);
    else this.results.set(record.key, record);
  }
}

const entry = z.discriminatedUnion('type', [begun, effect, result]);

/** The number that a `set-setpoint` carries. */
export function setpointOf(command: ScadaCommand): number | undefined {
  const inner = command.parameters?.['value'];
  return command.value ?? (typeof inner === 'number' ? inner : undefined);
}
