/** What the bundles of functions leave out, because no function can come to use it. Each says what it is sure of. */
import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';

/** Changes the text of the modules whose path matches; a change that finds nothing to change fails the build. */
function changed(name: string, filter: RegExp, change: (source: string, path: string) => string): Plugin {
  return {
    name,
    setup({ onLoad }) {
      onLoad({ filter }, ({ path }) => {
        const source = readFileSync(path, 'utf8');
        const contents = change(source, path);
        if (contents !== source) return { contents, loader: 'js' };
        const text = `Plugin ${name} found nothing to change in ${path}: the package has changed, and so must layers/bundle-plugins.ts.`;
        return { errors: [{ text }] };
      });
    },
  };
}

/**
 * Our own modules. They take zod as a namespace, of which the bundler keeps only what is used: by `import { z }` each
 * bundle would also load the error messages of fifty languages. And errors keep the names of their classes, which logs
 * show: bundles shorten names, and to note the name of every function (`keepNames`) is work for each closure that is
 * made, a twentieth of a first event. Contracts that nobody parses by are dropped, and zod with them where none is left:
 * the bundler must read it at each call, because it does not know the annotations of functions of other modules.
 */
const ownModules: Plugin = {
  name: 'own-modules',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8')
        .replace(/^import \{ z \} from 'zod';$/m, "import * as z from 'zod';")
        .replace(/(?<=^(?:export )?const \w+ = )lazily\(/gm, '/* @__PURE__ */ lazily(')
        .replace(/\bclass (\w+Error) extends [^{]*\{/g, "$& static name = '$1';"),
      loader: 'ts',
    }));
  },
};

/**
 * A function's credentials come by environment, on Lambda as on one machine. The SDK's default chain would also bring
 * in what people log in by (profiles, SSO, STS and its clients): a fifth of a bundle, and code that is slower to start
 * because it can be loaded late.
 */
const credentialsOfEnvironment = changed(
  'credentials-of-environment',
  /\/@aws-sdk\/credential-provider-node\/dist-es\/index\.js$/,
  () => "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
);

/** What else the SDK is told comes by environment, too: the files of people, `~/.aws/config` above all, are not looked for. */
const configurationOfEnvironment = changed(
  'configuration-of-environment',
  /\/@smithy\/core\/dist-es\/submodules\/config\/shared-ini-file-loader\/loadSharedConfigFiles\.js$/,
  () =>
    'export { CONFIG_PREFIX_SEPARATOR } from "./constants";\nexport const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });',
);

/**
 * No call of a function streams events (S3 Select and its like). The SDK imports what would read them late, and a
 * module that is imported late is kept whole with all that it imports: 180 modules, run one by one at the start.
 */
const noEventStreams = changed(
  'no-event-streams',
  /\/@smithy\/core\/dist-es\/submodules\/protocols\/HttpProtocol\.js$/,
  (source) =>
    source.replace(
      'await import("@smithy/core/event-streams")',
      "(() => { throw new Error('Event streams are not in the bundles of functions: see layers/bundle-plugins.ts.'); })()",
    ),
);

/**
 * The SDK's tables of operations have keys that are constants, `[_h]: …`. The bundler takes such a key for something
 * that may do anything and keeps the tables of all operations of S3; with the constant's text it keeps those in use.
 */
const plainKeys = changed('plain-keys', /\/@aws-sdk\/client-s3\/dist-es\/schemas\/schemas_0\.js$/, (source) => {
  const texts = new Map([...source.matchAll(/^const (_\w+) = ("[^"\\]*");$/gm)].map(([, name, text]) => [name, text]));
  return source.replace(/\[(_\w+)\]:/g, (key, name: string) => (texts.has(name) ? `${texts.get(name)}:` : key));
});

/**
 * The ONNX Runtime's own JavaScript, some thirty small modules, goes into the bundle; the layer is asked for the native
 * part only, which it has from the same install.
 */
const bindingOfLayer = changed('binding-of-layer', /\/onnxruntime-node\/dist\/binding\.js$/, (source) =>
  source.replace(
    'require(`../bin/napi-v6/${process.platform}',
    'module.require(`onnxruntime-node/bin/napi-v6/${process.platform}',
  ),
);

/**
 * zod writes code for an object's schema and has it compiled at the first parse. That pays when much is parsed; by most
 * schemas a process parses a few times at most.
 */
const compiledWhenUsedMuch = changed('compiled-when-used-much', /\/zod\/v4\/core\/schemas\.js$/, (source) =>
  source.replace(
    /(let fastpass)(;[\s\S]*?inst\._zod\.parse = \(payload, ctx\) => \{)/,
    '$1, parses = 0$2 if (parses < 16 && ++parses) return superParse(payload, ctx);',
  ),
);

/** No function streams its answer; what middy would do it by brings ten modules of Node with it. */
const noStreamedAnswers = changed('no-streamed-answers', /\/@middy\/core\/index\.js$/, (source) =>
  source.replace('import { ReadableStream } from "node:stream/web";', 'const ReadableStream = class {};'),
);

/** Functions parse by schemas; JSON schemas are made of them by `npm run generate` only. */
const noJsonSchemas = changed(
  'no-json-schemas',
  /\/zod\/v4\/core\/(json-schema-processors|to-json-schema)\.js$/,
  (source) =>
    [...new Set([...source.matchAll(/^export (?:const|function) (\w+)/gm)].map(([, name]) => name))]
      .map((name) => `export const ${name} = () => unable;`)
      .concat("const unable = () => { throw new Error('JSON schemas cannot be made in the bundles of functions.'); };")
      .join('\n'),
);

export const bundlePlugins: Plugin[] = [
  ownModules,
  credentialsOfEnvironment,
  configurationOfEnvironment,
  noEventStreams,
  plainKeys,
  bindingOfLayer,
  noJsonSchemas,
  compiledWhenUsedMuch,
  noStreamedAnswers,
];
