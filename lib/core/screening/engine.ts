/**
 * The port to the vectorised part of screening. `lib/adapters/onnx/screen-engine.ts` runs models/screen/screen.onnx;
 * the tests hold it against a plain reference.
 */

/** One padded group of assets: A assets, R rows, C channels, S seasonal terms. All row-major float32. */
export interface ScreenTensors {
  readonly assets: number;
  readonly rows: number;
  readonly channels: number;
  readonly seasonTerms: number;
  /** By the names of the graph's inputs; see models/screen/build.ts. */
  readonly inputs: Readonly<Record<string, { readonly data: Float32Array; readonly dims: readonly number[] }>>;
}

export interface ScreenEngine {
  /** Runs the graph and gives the outputs asked for. Inputs must be finite. */
  run(tensors: ScreenTensors, outputs: readonly string[]): Promise<Readonly<Record<string, Float32Array>>>;
}
