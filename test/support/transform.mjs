// Strips the types, and lets each module look its intrinsics up once. Tests run in a realm of their own, whose global
// names go through an interceptor of Node: a loop with `Math.abs` in it takes several times as long as outside of jest,
// unless `Math` is a name of the module.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import swc from '@swc/jest';

/** None of them is ever replaced by a test: what is replaced must be looked up each time. */
const intrinsics = [
  ...['Array', 'Object', 'String', 'Number', 'Boolean', 'BigInt', 'Symbol', 'Math', 'JSON', 'RegExp', 'Promise'],
  ...['Map', 'Set', 'WeakMap', 'WeakSet', 'ArrayBuffer', 'DataView', 'Float32Array', 'Float64Array'],
  ...['Int8Array', 'Int16Array', 'Int32Array', 'Uint8Array', 'Uint16Array', 'Uint32Array', 'BigInt64Array'],
];
const self = readFileSync(new URL(import.meta.url));

export default {
  createTransformer(options) {
    const inner = swc.createTransformer(options);
    const withNames = (made) => ({ ...made, code: `${namesOf(made.code)}${made.code}` });
    return {
      canInstrument: inner.canInstrument,
      process: (...given) => withNames(inner.process(...given)),
      processAsync: async (...given) => withNames(await inner.processAsync(...given)),
      getCacheKey: (...given) =>
        createHash('sha256')
          .update(inner.getCacheKey(...given))
          .update(self)
          .digest('hex'),
    };
  },
};

/** On the line of the code's first, so that the lines of errors stay right. */
function namesOf(code) {
  const used = intrinsics.filter((name) => new RegExp(`(?<![.\\w$])${name}\\b`).test(code));
  return used.length === 0 ? '' : `const { ${used.join(', ')} } = globalThis; `;
}
