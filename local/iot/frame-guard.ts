/**
 * Watches the bytes of an MQTT connection for packets that declare themselves larger than allowed. The broker's parser
 * would collect such a packet in memory (up to 256 MB) before anybody could refuse it.
 */
import type { Duplex } from 'node:stream';

/** Reads MQTT's fixed headers; `feed` gives the declared size of the first packet above the limit. */
export class FrameMeter {
  readonly #maxBytes: number;
  /** Bytes of the present packet that are still to come. */
  #left = 0;
  /** Inside the remaining-length field: its value so far and the weight of the next byte; weight 0 before the type. */
  #length = 0;
  #weight = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  feed(bytes: Uint8Array): number | undefined {
    for (let at = 0; at < bytes.length; ) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, bytes.length - at);
        this.#left -= skipped;
        at += skipped;
        continue;
      }
      const byte = bytes[at++]!;
      if (this.#weight === 0) {
        this.#weight = 1;
        this.#length = 0;
        continue;
      }
      this.#length += (byte & 0x7f) * this.#weight;
      this.#weight *= 128;
      // Four bytes at most; the parser refuses a longer field itself.
      if ((byte & 0x80) !== 0 && this.#weight <= 128 ** 3) continue;
      if (this.#length > this.#maxBytes) return this.#length;
      this.#left = this.#length;
      this.#weight = 0;
    }
    return undefined;
  }
}

/** Closes the connection as soon as a packet declares more than `maxBytes`. Put in place before the broker reads. */
export function guardFrames(connection: Duplex, maxBytes: number, onOversize: (declaredBytes: number) => void): void {
  const meter = new FrameMeter(maxBytes);
  const read = connection.read.bind(connection);
  connection.read = (size?: number): unknown => {
    const chunk: unknown = read(size);
    if (!(chunk instanceof Uint8Array)) return chunk;
    const declared = meter.feed(chunk);
    if (declared === undefined) return chunk;
    onOversize(declared);
    connection.destroy();
    return null;
  };
}
