/** The screening graph in ONNX Runtime. Screening fills the tensors itself and keeps them finite. */
import * as ort from 'onnxruntime-node';
import type { ScreenEngine } from '../../core/screening/engine.ts';
import { createSession, ModelError } from './session.ts';

/**
 * Opens models/screen/screen.onnx.
 * @param path the file; in a bundle, the copy beside it
 */
export async function openScreenEngine(path: string): Promise<ScreenEngine> {
  return screenEngine(await createSession(path));
}

/** Tensors are kept for as long as the arrays that they stand on: calibrations come again with every batch. */
export function screenEngine(session: ort.InferenceSession): ScreenEngine {
  const known = new WeakMap<Float32Array, ort.Tensor>();
  const tensorOf = (data: Float32Array, dims: readonly number[]): ort.Tensor => {
    const kept = known.get(data);
    if (kept && kept.dims.length === dims.length && kept.dims.every((dim, i) => dim === dims[i])) return kept;
    const tensor = new ort.Tensor('float32', data, dims);
    known.set(data, tensor);
    return tensor;
  };
  return {
    async run({ inputs }, outputs) {
      const feeds: Record<string, ort.Tensor> = {};
      for (const name in inputs) feeds[name] = tensorOf(inputs[name]!.data, inputs[name]!.dims);
      const result = await session.run(feeds, outputs as string[]);
      const found: Record<string, Float32Array> = {};
      for (const name of outputs) {
        const { data } = result[name]!;
        if (!(data instanceof Float32Array)) throw new ModelError('MODEL_FAILED', `Output "${name}" is not float32.`);
        found[name] = data;
      }
      return found;
    },
  };
}
