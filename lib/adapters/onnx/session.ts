/** ONNX Runtime sessions: one way to make them, and a guard before each run. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import type { FloatTensor, OpenModel, RunModel } from '../../core/pack.ts';

/** One thread a session: throughput comes from batches, and `run()` blocks its process anyhow. */
export const sessionOptions: ort.InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
};

/** A model could not be opened or run. */
export class ModelError extends Error {
  readonly code: 'MODEL_HASH' | 'MODEL_INPUT' | 'MODEL_FAILED';
  readonly retryable = false;
  constructor(code: ModelError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ModelError';
    this.code = code;
  }
}

/** Makes a session from a file, or from the bytes of one. */
export const createSession = (model: string | Uint8Array): Promise<ort.InferenceSession> =>
  typeof model === 'string'
    ? ort.InferenceSession.create(model, sessionOptions)
    : ort.InferenceSession.create(model, sessionOptions);

/** @throws ModelError where a number is NaN or infinite: ONNX Runtime would score it without a word */
export function checkFinite(name: string, data: Float32Array): void {
  for (let i = 0; i < data.length; i += 1) {
    // x − x is 0 for finite numbers and NaN for all others: one operation a number.
    if (data[i]! - data[i]! !== 0) {
      throw new ModelError(
        'MODEL_INPUT',
        `Input "${name}" is ${data[i]} at position ${i}; only finite numbers may be scored.`,
      );
    }
  }
}

/** Wraps a session as a core port. */
export function runModel(session: ort.InferenceSession): RunModel {
  return async (inputs, outputs) => {
    const feeds: Record<string, ort.Tensor> = {};
    for (const [name, { data, dims }] of Object.entries(inputs)) {
      checkFinite(name, data);
      feeds[name] = new ort.Tensor('float32', data, dims);
    }
    let result: Awaited<ReturnType<ort.InferenceSession['run']>>;
    try {
      result = await session.run(feeds, [...outputs]);
    } catch (error) {
      throw new ModelError('MODEL_FAILED', `The model did not run: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
    return Object.fromEntries(outputs.map((name) => [name, tensorOf(name, result[name]!)]));
  };
}

function tensorOf(name: string, tensor: ort.Tensor): FloatTensor {
  if (!(tensor.data instanceof Float32Array)) {
    throw new ModelError('MODEL_FAILED', `Output "${name}" is ${tensor.type}; float32 was expected.`);
  }
  return { data: tensor.data, dims: tensor.dims };
}

/**
 * Opens a pack's model file.
 * @throws ModelError when the file's SHA-256 is not the one that the manifest names
 */
export const openModel: OpenModel = async ({ path, sha256 }) => {
  const found = createHash('sha256').update(readFileSync(path)).digest('hex');
  if (found !== sha256) {
    throw new ModelError('MODEL_HASH', `${path} has SHA-256 ${found}; the manifest names ${sha256}.`);
  }
  return runModel(await createSession(path));
};
