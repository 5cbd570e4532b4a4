/** Float32 numbers as base64 text, little-endian on every processor. */

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function swapped(bytes: Buffer): Buffer {
  return littleEndian ? bytes : Buffer.from(bytes).swap32();
}

export function encodeFloats(floats: Float32Array): string {
  return swapped(Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength)).toString('base64');
}

/** @throws Error when the text does not hold a whole number of float32 */
export function decodeFloats(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % 4 !== 0) throw new Error(`${bytes.length} bytes are not a whole number of float32 numbers.`);
  const floats = new Float32Array(bytes.length / 4);
  new Uint8Array(floats.buffer).set(swapped(bytes));
  return floats;
}
