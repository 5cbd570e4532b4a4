import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { readMetadataProps } from '../../../lib/adapters/onnx/metadata.ts';
import { checkFinite, ModelError, openModel } from '../../../lib/adapters/onnx/session.ts';

const path = fileURLToPath(new URL('../../../models/screen/screen.onnx', import.meta.url));
const bytes = readFileSync(path);

describe('sessions', () => {
  test('refuse a model with another hash', async () => {
    await expect(openModel({ path, sha256: '0'.repeat(64) })).rejects.toMatchObject({ code: 'MODEL_HASH' });
  });

  test('refuse NaN and infinities before the run', () => {
    expect(() => checkFinite('x', Float32Array.of(1, Number.NaN))).toThrow(ModelError);
    expect(() => checkFinite('x', Float32Array.of(Number.POSITIVE_INFINITY))).toThrow('position 0');
    checkFinite('x', Float32Array.of(0, -1e38));
  });

  test('say when the inputs do not fit', async () => {
    const run = await openModel({ path, sha256: createHash('sha256').update(bytes).digest('hex') });
    const input = { values: { data: new Float32Array(4), dims: [1, 2, 2] } };
    await expect(run(input, ['evidence'])).rejects.toMatchObject({ code: 'MODEL_FAILED' });
  });
});

describe('readMetadataProps', () => {
  test.each([[[0xff]], [[0x72, 0x05, 1]], [[0x03]]])('refuses %j', (broken) => {
    expect(() => readMetadataProps(Uint8Array.from(broken))).toThrow('not an ONNX model');
  });
});
