// Who may import whom. Each rule's comment says what to do instead of breaking it.
const only = (name, from, allowed, comment, notFrom) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, ...(notFrom ? { pathNot: notFrom } : {}) },
  to: { path: '^(bin|lib|functions|layers|models|local|web|bench|test|scripts)/', pathNot: allowed },
});

const sdk = '^node_modules/(@aws-sdk|@smithy)/';

export default {
  forbidden: [
    {
      name: 'no-circle',
      severity: 'error',
      comment: 'Two modules that need each other are one: move the shared part into a third.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphan',
      severity: 'error',
      comment: 'Nobody imports it: delete it, or wire it up.',
      from: {
        orphan: true,
        pathNot:
          '^(functions/[^/]+/index|bin/[^/]+|bench/[^/]+|bench/stack/run-stack|test/|scripts/|web/public/|local/(lambda|stores)/.*(bootstrap|child)|models/.*/run)|\\.d\\.ts$|\\.mjs$|\\.cjs$',
      },
      to: {},
    },
    {
      name: 'product-knows-no-test',
      severity: 'error',
      comment: 'What the command and tests share stands in bench/stack or bench/campaign.',
      from: { path: '^(bin|lib|functions|layers|models|local|bench/(stack|campaign))/' },
      to: { path: '^test/' },
    },
    only(
      'contracts-stand-alone',
      '^lib/contracts/',
      '^lib/contracts/',
      'Contracts know zod and nothing else; put logic into lib/core.',
    ),
    {
      name: 'contracts-use-zod',
      severity: 'error',
      comment: 'Contracts may import zod only.',
      from: { path: '^lib/contracts/' },
      to: { path: '^node_modules/', pathNot: '^node_modules/zod/' },
    },
    only(
      'core-is-pure',
      '^lib/core/',
      '^lib/(core|contracts)/',
      'The core knows contracts only; pass I/O in as a port and implement it in lib/adapters.',
    ),
    {
      name: 'core-has-no-io',
      severity: 'error',
      comment:
        'No I/O, clock, randomness or AWS in the core: take it as a parameter. Hashing, compression and joining paths are pure and allowed.',
      from: { path: '^lib/core/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|zlib|buffer|path)$' },
    },
    {
      name: 'core-has-no-sdk',
      severity: 'error',
      comment: 'AWS belongs into lib/adapters/aws.',
      from: { path: '^lib/core/' },
      to: { path: sdk },
    },
    only(
      'packs-stand-apart',
      '^models/([^/]+)/',
      '^(lib/(core|contracts)/|models/(training|$1)/)',
      'A pack never knows another pack; share through lib/core or models/training.',
    ),
    only(
      'adapters-know-core',
      '^lib/adapters/',
      '^lib/(adapters|core|contracts)/',
      'Adapters implement ports of the core; they never know functions, packs or constructs.',
    ),
    only(
      'middleware-is-one-stack',
      '^lib/middleware/',
      '^lib/(middleware|adapters|core|contracts)/',
      'Middleware wraps handlers; it never knows one.',
    ),
    only(
      'functions-are-thin',
      '^functions/([^/]+)/',
      '^(functions/$1/|lib/(middleware|adapters|core|contracts)/|models/)',
      'A function never imports another one or a construct; share through lib/core.',
    ),
    only(
      'constructs-know-no-code',
      '^lib/constructs/',
      '^lib/(constructs|core|contracts)/',
      'Constructs name functions by file path only; what both need belongs into lib/contracts.',
    ),
    only(
      'local-reads-the-assembly',
      '^local/',
      '^(local/|lib/contracts/)',
      'The one-machine runtime reads cdk.out and contracts, never the code that made it: anything else would be an `if (local)`.',
    ),
    only(
      'web-knows-contracts',
      '^web/',
      '^(web/|lib/contracts/)',
      'The console talks to the API; it shares contracts only.',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(cdk\\.out|dist|docs)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
