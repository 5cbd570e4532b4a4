/** Float32 numbers as bytes and as base64 text, little-endian on every processor. */

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function swapped(bytes: Buffer): Buffer {
  return littleEndian ? bytes : Buffer.from(bytes).swap32();
}

export const floatBytes = (floats: Float32Array): Buffer =>
  swapped(Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength));

export const encodeFloats = (floats: Float32Array): string => floatBytes(floats).toString('base64');

/** @throws Error when the text does not hold a whole number of float32 */
export function decodeFloats(text: string): Float32Array {
  return floatsOf(Buffer.from(text, 'base64'));
}

/** @throws Error when the bytes are no whole number of float32 */
export function floatsOf(bytes: Buffer): Float32Array {
  if (bytes.length % 4 !== 0) throw new Error(`${bytes.length} bytes are not a whole number of float32 numbers.`);
  const floats = new Float32Array(bytes.length / 4);
  new Uint8Array(floats.buffer).set(swapped(bytes));
  return floats;
}

/** Numbers in three bytes each: float32 without its last eight bits, which is to within 2⁻¹⁷ of the number. */
export function shortFloatBytes(floats: Float32Array): Buffer {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  // Half of what is left out is added, so that it is rounded and not cut.
  return integerBytes(bits, (one) => Math.min(Math.floor((one + 0x80) / 0x100), 0xff_ffff));
}

export function shortFloatsOf(bytes: Buffer): Float32Array {
  const floats = new Float32Array(bytes.length / 3);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < bits.length; i += 1) bits[i] = bytes.readUIntLE(3 * i, 3) * 0x100;
  return floats;
}

/** Whole numbers from 0 in three bytes each; larger ones than fit stay at the largest that does. */
export const countBytes = (counts: Float32Array): Buffer => integerBytes(counts, (one) => Math.min(one, 0xff_ffff));

export const countsOf = (bytes: Buffer): Float32Array =>
  Float32Array.from({ length: bytes.length / 3 }, (_, i) => bytes.readUIntLE(3 * i, 3));

function integerBytes(numbers: Float32Array | Uint32Array, integerOf: (one: number) => number): Buffer {
  const bytes = Buffer.alloc(3 * numbers.length);
  numbers.forEach((one, i) => {
    bytes.writeUIntLE(integerOf(one), 3 * i, 3);
  });
  return bytes;
}
