/**
 * Loaded before everything else into the processes of a campaign's runtime (`--require`): a clock that somebody sets and
 * a disk that is full at times. What is the matter stands in a file, `{"clockOffsetMs": 0, "diskFull": false}`. It is no
 * part of the product: nothing there loads it. `authority` (PEM) is trusted beside the usual ones.
 */
'use strict';
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');
const tls = require('node:tls');

const lookEveryMs = 20;

module.exports = function trouble(file, { disk, authority }) {
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), authority]);
  const RealDate = Date;
  const realNow = Date.now.bind(Date);
  const readNow = fs.readFileSync;
  let state = { clockOffsetMs: 0, diskFull: false };
  let lookedMs = Number.NEGATIVE_INFINITY;
  const look = () => {
    const nowMs = performance.now();
    if (nowMs - lookedMs < lookEveryMs) return state;
    lookedMs = nowMs;
    try {
      state = JSON.parse(readNow(file, 'utf8'));
    } catch {
      // It is being written.
    }
    return state;
  };

  RealDate.now = () => realNow() + look().clockOffsetMs;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length === 0 ? [target.now()] : given, newTarget),
    apply: () => new globalThis.Date().toString(),
  });
  if (!disk) return;

  const full = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 });
  /** What a process says to whoever started it is not on the disk in question. */
  const isFile = (target) => typeof target !== 'number' || (target > 2 && fs.fstatSync(target).isFile());
  /** Half of it still found room, as happens on a real disk. */
  const half = (data) => {
    const bytes = Buffer.from(data);
    return bytes.subarray(0, bytes.length >> 1);
  };
  for (const name of ['writeFileSync', 'appendFileSync']) {
    const real = fs[name];
    fs[name] = (target, data, ...rest) => {
      if (!look().diskFull || !isFile(target)) return real(target, data, ...rest);
      real(target, half(data), ...rest);
      throw full();
    };
  }
  for (const name of ['writeSync', 'writevSync']) {
    const real = fs[name];
    fs[name] = (target, ...rest) => {
      if (look().diskFull && isFile(target)) throw full();
      return real(target, ...rest);
    };
  }
  for (const name of ['write', 'writev', 'appendFile', 'writeFile']) {
    const real = fs[name];
    fs[name] = (target, ...rest) => {
      if (!look().diskFull || !isFile(target)) return real(target, ...rest);
      process.nextTick(rest.at(-1), full());
    };
  }
  for (const name of ['writeFile', 'appendFile']) {
    const real = fs.promises[name];
    fs.promises[name] = async (target, ...rest) => {
      if (look().diskFull) throw full();
      return await real(target, ...rest);
    };
  }
  const realOpen = fs.promises.open;
  const patched = new WeakSet();
  fs.promises.open = async (...given) => {
    const handle = await realOpen(...given);
    const prototype = Object.getPrototypeOf(handle);
    if (!patched.has(prototype)) {
      patched.add(prototype);
      for (const name of ['write', 'writev', 'appendFile', 'writeFile']) {
        const real = prototype[name];
        prototype[name] = async function (...rest) {
          if (look().diskFull) throw full();
          return await real.apply(this, rest);
        };
      }
    }
    return handle;
  };
  syncBuiltinESMExports();
};
