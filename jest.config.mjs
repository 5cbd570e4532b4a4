// Tests run as ES modules under Node's own loader flags (see the `test` script); the transform strips the types.
export default {
  testEnvironment: '<rootDir>/test/support/onnx-environment.mjs',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // These have a runner of their own, which brings a browser: npm run test:browser.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/browser/'],
  // Bundles bring package.json files of their own, which are no modules of ours.
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/cdk.out/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '<rootDir>/test/support/transform.mjs',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024', experimental: { keepImportAttributes: true } },
        module: { type: 'es6' },
      },
    ],
  },
  testSequencer: '<rootDir>/test/support/sequencer.mjs',
  // Node keeps the modules of every file that a worker has run. After two hundred files that are gigabytes, which a worker
  // that ends cannot give back within the time that jest waits for it. One whose heap has grown is replaced between files.
  workerIdleMemoryLimit: '500MB',
  // Others work on the same cores: so long may what takes 10 s alone take.
  testTimeout: 120_000,
};
