/** From rows to a verdict through the pure core: screening, classification, remedy, policies, record. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { openModel } from '../../../lib/adapters/onnx/session.ts';
import { assetRegistration } from '../../../lib/contracts/asset.ts';
import { record } from '../../../lib/core/decision/record.ts';
import type { PackModel } from '../../../lib/core/pack.ts';
import type { ScreenEngine } from '../../../lib/core/screening/engine.ts';
import { screenRows } from '../../../lib/core/screening/screen.ts';
import type { FaultSpec } from '../../../models/rotating-equipment/generator/faults.ts';
import pack from '../../../models/rotating-equipment/index.ts';
import { windowMaxRows, windowMs } from '../../../models/rotating-equipment/window.ts';
import { flaggedRows, windowAt } from '../../../models/training/flagged-windows.ts';
import { flagAtMs, flagOf, inferenceOf } from '../../support/decision-data.ts';
import { MemoryWorld } from '../../support/memory-world.ts';
import { onnxEngine } from '../../support/screening.ts';
import { verdictOn } from '../support/verdict.ts';
import { calibration, faultRow, laterRows, machineFault, warmup } from './support/machine.ts';

const registrationAt = (site: string) =>
  assetRegistration.parse({
    v: 1,
    asset: 'pump-101',
    site,
    pack: 'rotating-equipment',
    channels: [...warmup.channels, { name: 'speed_setpoint', role: 'setpoint', element: 'P-101' }],
  });
let engine: ScreenEngine;
let model: PackModel;
beforeAll(async () => {
  [engine, model] = await Promise.all([onnxEngine(), pack.open!(openModel)]);
});

/** The decision about the last flagged window of a run. */
async function decide(fault: FaultSpec, site: string, world = new MemoryWorld()) {
  const series = laterRows([fault]);
  const { rows: screened } = await screenRows(engine, calibration, undefined, series);
  const run = { series, screened, stepMs: 1000 };
  const flagged = flaggedRows(run, [20_000, 60_000]).filter(({ row }) => row > faultRow);
  expect(flagged.length).toBeGreaterThan(0);
  const { window, alarm } = windowAt(run, flagged.at(-1)!, { ms: windowMs, maxRows: windowMaxRows });
  const made = await model.classify(window, calibration, alarm);
  const { explanation, ...classification } = made;
  const proposal = pack.planRemedy!({
    registration: registrationAt(site),
    classification: { ...classification, ...(explanation && { explanation }) },
  });
  const flag = flagOf({ asset: 'pump-101' });
  const inference = inferenceOf({
    kind: made.kind,
    confidence: made.probabilities[made.kind]!,
    probabilities: { ...made.probabilities },
    set: [...made.set!],
    oodPValue: made.oodPValue!,
    explanation: { sentence: explanation!.sentence!, contributions: [...explanation!.contributions] },
  });
  const found = { flag, inference, ...(proposal && { proposal }) };
  const verdict = await verdictOn(registrationAt(site), found);
  await world.flags.putIfAbsent(flag, flagAtMs);
  const { decisionId } = await record(
    {
      flags: world.flags,
      decisions: world.decisions,
      audit: world.audit,
      bus: world.bus,
      nowMs: () => flagAtMs + 900,
      configurationHash: '2'.repeat(64),
      codeHash: '3'.repeat(64),
    },
    { ...found, guard: verdict, pack: pack.manifest.name },
  );
  return { decision: world.decisionItems.get(decisionId)!, made, proposal, verdict };
}

describe('a decision about a machine', () => {
  test('imbalance at the plant that lets it: slowed down, and written down before', async () => {
    const world = new MemoryWorld();
    const { decision, made, proposal, verdict } = await decide(machineFault('imbalance', 0.8), 'demo-plant', world);
    expect(made).toMatchObject({ kind: 'imbalance', set: ['imbalance'] });
    expect(proposal).toMatchObject({ action: 'reduce-speed', target: 'P-101' });
    expect(verdict).toMatchObject({ verdict: 'act', policies: ['act-demo-plant-reduce-speed'] });
    expect(decision).toMatchObject({ inference: { kind: 'imbalance' }, guard: { verdict: 'act' } });
    expect(world.audited.length).toBeGreaterThan(0);
  });

  test('a worn bearing: the stop is asked about, however sure it is', async () => {
    const { made, proposal, verdict } = await decide(machineFault('bearing-wear', 0.95), 'demo-plant');
    expect(made.kind).toBe('bearing-wear');
    expect(proposal).toMatchObject({ action: 'stop-machine', highImpact: true });
    expect(verdict.verdict).toBe('ask');
  });

  test('at a site that nobody has added nothing happens', async () => {
    const { verdict } = await decide(machineFault('imbalance', 0.8), 'elsewhere');
    expect(verdict.verdict).toBe('observe');
  });
});
