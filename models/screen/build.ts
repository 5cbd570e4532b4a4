/**
 * The vectorised part of screening as a graph that takes rows and calibration as inputs (`tensors.ts`), so that one
 * model serves every asset. `node scripts/build-screen.ts` writes it with its cards, byte for byte.
 */
import { createHash } from 'node:crypto';
import onnxProto from 'onnx-proto';
import { graphEvidence, smoothingCut } from '../../lib/core/screening/kernel.ts';
import { type ScreenCard, screenCard, screenCardPage } from './card.ts';
import { type GraphTensor, screenInputs, screenOutputs } from './tensors.ts';

const { onnx } = onnxProto;
const { FLOAT, INT64 } = onnx.TensorProto.DataType;
const { INT, INTS } = onnx.AttributeProto.AttributeType;

/** What decides the graph's bytes, for the commit that its card names. */
export const screenSources = [
  'models/screen/build.ts',
  'models/screen/card.ts',
  'models/screen/tensors.ts',
  'lib/contracts/telemetry.ts',
  'lib/core/screening/fit.ts',
  'lib/core/screening/kernel.ts',
  'package-lock.json',
];

/** The model's bytes; the same for the same card. */
export function buildScreenModel(card: ScreenCard): Uint8Array {
  const node: object[] = [];
  const add = (opType: string, input: readonly string[], output: string, attribute: readonly object[] = []): string => {
    node.push({ opType, name: output, input: [...input], output: [output], attribute: [...attribute] });
    return output;
  };
  const axis = (value: number) => ({ name: 'axis', type: INT, i: value });
  const axes = (value: number) => ({ name: 'axes', type: INTS, ints: [value] });
  const keep = { name: 'keepdims', type: INT, i: 1 };
  const sum = (name: string, output: string): string => add('ReduceSum', [name, 'last_axis'], output, [keep]);
  const max = (name: string, output: string): string => add('ReduceMax', [name], output, [axes(-1), keep]);

  add('MatMul', ['season', 'season_weights'], 'expected');
  add('Sub', ['values', 'expected'], 'level');
  add('Slice', ['level', 'zero', 'minus_one', 'row_axis'], 'level_head');
  add('Concat', ['level_before', 'level_head'], 'level_earlier', [axis(1)]);
  add('MatMul', ['level', 'static_now'], 'static_all');
  add('Mul', ['static_all', 'mask'], 'residuals');
  add('MatMul', ['level', 'dynamic_now'], 'dynamic_a');
  add('MatMul', ['level_earlier', 'dynamic_before'], 'dynamic_b');
  add('Add', ['dynamic_a', 'dynamic_b'], 'dynamic_all');
  add('Mul', ['dynamic_all', 'mask'], 'dynamic');
  add('Mul', ['level', 'level_inverse'], 'level_all');
  add('Mul', ['level_all', 'mask'], 'level_unit');
  for (const [from, name] of [
    ['residuals', 'shift'],
    ['level_unit', 'drift'],
  ] as const) {
    add('Clip', [from, 'cut_low', 'cut_high'], `${name}_cut`);
    add('MatMul', ['smoothing', `${name}_cut`], `${name}_new`);
    add('Mul', ['carry', `${name}_before`], `${name}_old`);
    add('Add', [`${name}_new`, `${name}_old`], `${name}_raw`);
    add('Mul', [`${name}_raw`, `${name}_inverse`], `${name}_unit`);
    add('MatMul', ['pick', `${name}_raw`], `${name}_last`);
    add('Mul', [`${name}_unit`, `${name}_unit`], `${name}_square`);
  }

  add('MatMul', ['slow_smoothing', 'drift_cut'], 'slow_new');
  add('Mul', ['slow_carry', 'slow_before'], 'slow_old');
  add('Add', ['slow_new', 'slow_old'], 'slow_raw');
  add('MatMul', ['pick', 'slow_raw'], 'slow_last');
  add('Mul', ['drift_raw', 'drift_gain'], 'drift_mean');
  add('Mul', ['slow_raw', 'slow_gain'], 'slow_mean');
  add('Sub', ['drift_mean', 'slow_mean'], 'gained');
  add('Sign', ['drift_mean'], 'side');
  add('Mul', ['gained', 'side'], 'outward');
  add('Abs', ['drift_mean'], 'off_centre');
  add('Min', ['outward', 'off_centre'], 'outward_cut');
  add('Relu', ['outward_cut'], 'trend_raw');
  add('Mul', ['trend_raw', 'trend_inverse'], 'trend_unit');
  add('Mul', ['trend_unit', 'trend_unit'], 'trend_square');

  sum('mask', 'observed_count');
  add('Max', ['observed_count', 'one'], 'observed');
  add('Mul', ['residuals', 'residuals'], 'static_square');
  add('Mul', ['dynamic', 'dynamic'], 'dynamic_square');
  add('Mul', ['level_unit', 'residuals'], 'product');
  add('Mul', ['product', 'precision'], 'product_weighted');
  sum('product_weighted', 'quadratic_signed');
  add('Max', ['quadratic_signed', 'nought'], 'quadratic');
  const squares: string[] = [];
  const rms = (square: string, count: string, output: string): void => {
    add('Div', [square, count], `${output}_mean`);
    squares.push(add('Sqrt', [`${output}_mean`], output));
  };
  rms(sum('static_square', 'static_sum'), 'observed', 'static_rms');
  rms(sum('dynamic_square', 'dynamic_sum'), 'observed', 'dynamic_rms');
  rms('quadratic', 'observed', 'level_rms');
  rms(sum('shift_square', 'shift_sum'), 'alive', 'shift_rms');
  rms(sum('trend_square', 'trend_sum'), 'alive', 'trend_rms');
  for (const [from, name] of [
    ['residuals', 'static'],
    ['dynamic', 'dynamic'],
    ['level_unit', 'level'],
    ['shift_unit', 'shift'],
    ['drift_unit', 'drift'],
    ['trend_unit', 'trend'],
  ] as const) {
    add('Abs', [from], `${name}_size`);
    max(`${name}_size`, `${name}_max`);
  }
  const columns = graphEvidence.map((name) => name.replace('-', '_'));
  add('Concat', columns, 'evidence', [axis(2)]);
  add('Add', ['static_square', 'dynamic_square'], 'parts_fresh');
  add('Add', ['shift_square', 'drift_square'], 'parts_slow');
  add('Add', ['parts_slow', 'trend_square'], 'parts_smooth');
  add('Add', ['parts_fresh', 'parts_smooth'], 'parts');

  const scalar = (name: string, value: number) => ({ name, dataType: FLOAT, dims: [], floatData: [value] });
  const index = (name: string, value: number) => ({ name, dataType: INT64, dims: [1], int64Data: [value] });
  const tensor = (tensors: Readonly<Record<string, GraphTensor>>) =>
    Object.entries(tensors).map(([name, { shape }]) => ({
      name,
      type: {
        tensorType: {
          elemType: FLOAT,
          shape: { dim: shape.map((dim) => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim })) },
        },
      },
    }));
  const proto = onnx.ModelProto.create({
    irVersion: 8,
    producerName: 'groundcrew',
    opsetImport: [{ domain: '', version: card.opset }],
    graph: {
      name: 'screen',
      node,
      input: tensor(screenInputs),
      output: tensor(screenOutputs),
      initializer: [
        scalar('cut_low', -smoothingCut),
        scalar('cut_high', smoothingCut),
        scalar('one', 1),
        scalar('nought', 0),
        index('zero', 0),
        index('minus_one', -1),
        index('row_axis', 1),
        index('last_axis', -1),
      ],
    },
    metadataProps: Object.entries(metadataOf(card)).map(([key, value]) => ({ key, value })),
  });
  return onnx.ModelProto.encode(proto).finish();
}

/** By the keys of the packs' models, in their order; all of the card beside them. */
const metadataOf = (card: ScreenCard): Readonly<Record<string, string>> => ({
  card: JSON.stringify(card),
  ...(card.codeCommit === undefined ? {} : { code_commit: card.codeCommit }),
  evidence: graphEvidence.join(','),
  intended_use: card.intendedUse,
  limits: JSON.stringify(card.limits),
  name: card.name,
  version: card.modelVersion,
});

/**
 * The files as they are committed, by name.
 * @param codeCommit of the code that makes them; undefined where nobody knows it
 */
export function screenFiles(codeCommit: string | undefined): Readonly<Record<string, Uint8Array | string>> {
  const card = screenCard(codeCommit);
  const onnxBytes = buildScreenModel(card);
  const modelSha256 = createHash('sha256').update(onnxBytes).digest('hex');
  return {
    'screen.onnx': onnxBytes,
    'card.json': `${JSON.stringify({ ...card, modelSha256 })}\n`,
    'card.md': screenCardPage(card, modelSha256, onnxBytes.length),
  };
}
