/** Symmetric KMS keys: data keys wrapped with AES-256-GCM, bound to their encryption context. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { JsonObject } from '../flow/types.ts';
import { ServiceError } from '../server/service.ts';

const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;
const algorithm = 'aes-256-gcm';

/** Text of a new key file. */
export const newWrappingKey = (): string => randomBytes(keyBytes).toString('hex');

/** The context's pairs in one order, with the key's ARN: what AWS binds a ciphertext to. */
function bindingOf(arn: string, input: JsonObject): Buffer {
  const context = Object.entries((input['EncryptionContext'] ?? {}) as Record<string, string>);
  return Buffer.from(JSON.stringify([arn, context.sort(([a], [b]) => (a < b ? -1 : 1))]));
}

export function generateDataKey(wrapping: Buffer, arn: string, input: JsonObject): JsonObject {
  if (input['KeySpec'] !== 'AES_256')
    throw new ServiceError('ValidationException', `KeySpec is ${input['KeySpec']}; on one machine it may be AES_256`);
  const plain = randomBytes(keyBytes);
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, wrapping, iv);
  cipher.setAAD(bindingOf(arn, input));
  const wrapped = Buffer.concat([cipher.update(plain), cipher.final()]);
  return {
    KeyId: arn,
    Plaintext: plain.toString('base64'),
    CiphertextBlob: Buffer.concat([iv, cipher.getAuthTag(), wrapped]).toString('base64'),
  };
}

export function decrypt(wrapping: Buffer, arn: string, input: JsonObject): JsonObject {
  const blob = Buffer.from(String(input['CiphertextBlob'] ?? ''), 'base64');
  try {
    const decipher = createDecipheriv(algorithm, wrapping, blob.subarray(0, ivBytes), { authTagLength: tagBytes });
    decipher.setAAD(bindingOf(arn, input));
    decipher.setAuthTag(blob.subarray(ivBytes, ivBytes + tagBytes));
    const plain = Buffer.concat([decipher.update(blob.subarray(ivBytes + tagBytes)), decipher.final()]);
    return { KeyId: arn, Plaintext: plain.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
  } catch (cause) {
    throw new ServiceError('InvalidCiphertextException', 'The ciphertext or its encryption context is not the one', {
      cause,
    });
  }
}
