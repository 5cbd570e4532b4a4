/** Reads `metadata_props` of an ONNX file, which the runtime's session does not show, by walking the protobuf. */

/** Field 14 of ModelProto; an entry has the key in field 1 and the value in field 2. */
const metadataField = 14;

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

function varint(reader: Reader): number {
  let value = 0;
  let factor = 1;
  for (let i = 0; i < 10; i += 1) {
    const byte = reader.bytes[reader.at];
    if (byte === undefined) break;
    reader.at += 1;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    factor *= 128;
  }
  throw new RangeError('The file is not an ONNX model: a number does not end.');
}

/** Calls `visit` with each length-delimited field; other fields are stepped over. */
function fields(bytes: Uint8Array, visit: (field: number, content: Uint8Array) => void): void {
  const reader: Reader = { bytes, at: 0 };
  while (reader.at < bytes.length) {
    const key = varint(reader);
    const type = key % 8;
    if (type === 0) varint(reader);
    else if (type === 1) reader.at += 8;
    else if (type === 5) reader.at += 4;
    else if (type === 2) {
      const end = varint(reader) + reader.at;
      if (end > bytes.length) throw new RangeError('The file is not an ONNX model: a field is cut off.');
      visit(Math.floor(key / 8), bytes.subarray(reader.at, end));
      reader.at = end;
    } else throw new RangeError(`The file is not an ONNX model: wire type ${type}.`);
  }
}

/**
 * @param bytes the whole file
 * @throws RangeError when the bytes are not a protobuf message
 */
export function readMetadataProps(bytes: Uint8Array): Record<string, string> {
  const found: Record<string, string> = {};
  const text = new TextDecoder();
  fields(bytes, (field, content) => {
    if (field !== metadataField) return;
    const entry = { key: '', value: '' };
    fields(content, (part, value) => {
      if (part === 1) entry.key = text.decode(value);
      else if (part === 2) entry.value = text.decode(value);
    });
    found[entry.key] = entry.value;
  });
  return found;
}
