/** Writes a boosted model as an ONNX graph with one `TreeEnsembleClassifier` (ai.onnx.ml) node. */
import onnxProto from 'onnx-proto';
import { type BoostedModel, rawScores, softmax } from './booster.ts';
import { treeInputName, treeOutputName } from './tree-names.ts';

const { onnx } = onnxProto;

/** What `metadata_props` may carry: short keys, text values. */
export type ModelMetadata = Readonly<Record<string, string>>;

/**
 * The bytes of the graph `features[N, F] float → probabilities[N, K] float`. There is no ZipMap and no label output.
 * @param temperature scores are divided by it before softmax; folded into the leaves (Guo et al. 2017)
 * @param metadata written in the order of its sorted keys, so that equal content gives equal bytes
 */
export function encodeTreeModel(model: BoostedModel, temperature: number, metadata: ModelMetadata): Uint8Array {
  const nodes = flattenTrees(model, temperature);
  const ints = (name: string, values: number[]) => ({
    name,
    type: onnx.AttributeProto.AttributeType.INTS,
    ints: values,
  });
  const floats = (name: string, values: number[]) => ({
    name,
    type: onnx.AttributeProto.AttributeType.FLOATS,
    floats: values,
  });
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const attribute = [
    floats(
      'base_values',
      Array.from(model.base, (value) => value / temperature),
    ),
    ints('class_ids', nodes.classIds),
    ints('class_nodeids', nodes.leafNodeIds),
    ints('class_treeids', nodes.leafTreeIds),
    floats('class_weights', nodes.leafWeights),
    ints(
      'classlabels_int64s',
      Array.from({ length: model.classCount }, (_, k) => k),
    ),
    ints('nodes_falsenodeids', nodes.falseIds),
    ints('nodes_featureids', nodes.featureIds),
    {
      name: 'nodes_modes',
      type: onnx.AttributeProto.AttributeType.STRINGS,
      strings: nodes.modes.map(text),
    },
    ints('nodes_nodeids', nodes.nodeIds),
    ints('nodes_treeids', nodes.treeIds),
    ints('nodes_truenodeids', nodes.trueIds),
    floats('nodes_values', nodes.values),
    { name: 'post_transform', type: onnx.AttributeProto.AttributeType.STRING, s: text('SOFTMAX') },
  ];
  const tensor = (name: string, width: number) => ({
    name,
    type: {
      tensorType: {
        elemType: onnx.TensorProto.DataType.FLOAT,
        shape: { dim: [{ dimParam: 'N' }, { dimValue: width }] },
      },
    },
  });
  const proto = onnx.ModelProto.create({
    irVersion: 8,
    producerName: 'groundcrew',
    opsetImport: [
      { domain: '', version: 15 },
      { domain: 'ai.onnx.ml', version: 2 },
    ],
    graph: {
      name: 'classifier',
      node: [
        {
          name: 'trees',
          domain: 'ai.onnx.ml',
          opType: 'TreeEnsembleClassifier',
          input: [treeInputName],
          output: ['label', treeOutputName],
          attribute,
        },
      ],
      input: [tensor(treeInputName, model.featureCount)],
      output: [tensor(treeOutputName, model.classCount)],
    },
    metadataProps: Object.entries(metadata)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ key, value })),
  });
  return onnx.ModelProto.encode(proto).finish();
}

/** Reads `metadata_props` from a model file's bytes, which ONNX Runtime's JavaScript session does not show. */
export function readMetadata(bytes: Uint8Array): ModelMetadata {
  const proto = onnx.ModelProto.decode(bytes);
  return Object.fromEntries(proto.metadataProps.map((entry) => [entry.key ?? '', entry.value ?? '']));
}

/** What the exported graph answers for one row, computed here: for metrics without a runtime. */
export function treeProbabilities(model: BoostedModel, temperature: number, features: Float32Array): Float64Array {
  return softmax(rawScores(model, features).map((score) => score / temperature));
}

function flattenTrees(model: BoostedModel, temperature: number) {
  const out = {
    nodeIds: [] as number[],
    treeIds: [] as number[],
    featureIds: [] as number[],
    modes: [] as string[],
    values: [] as number[],
    trueIds: [] as number[],
    falseIds: [] as number[],
    leafTreeIds: [] as number[],
    leafNodeIds: [] as number[],
    classIds: [] as number[],
    leafWeights: [] as number[],
  };
  model.trees.forEach((tree, treeId) => {
    tree.feature.forEach((feature, nodeId) => {
      const leaf = feature < 0;
      out.nodeIds.push(nodeId);
      out.treeIds.push(treeId);
      out.featureIds.push(leaf ? 0 : feature);
      out.modes.push(leaf ? 'LEAF' : 'BRANCH_LEQ');
      out.values.push(leaf ? 0 : tree.value[nodeId]!);
      out.trueIds.push(tree.left[nodeId]!);
      out.falseIds.push(tree.right[nodeId]!);
      if (!leaf) return;
      out.leafTreeIds.push(treeId);
      out.leafNodeIds.push(nodeId);
      out.classIds.push(treeId % model.classCount);
      out.leafWeights.push(tree.value[nodeId]! / temperature);
    });
  });
  return out;
}
