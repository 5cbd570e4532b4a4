/** Names of the exported graph's input and output, apart from the encoder so that a bundle need not carry that. */
export const treeInputName = 'features';
export const treeOutputName = 'probabilities';
