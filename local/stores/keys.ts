/** KMS: signing keys on the curve P-256 and symmetric keys, each a file that only its owner may read, made at the first start. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { join } from 'node:path';
import type { KeyPairModel } from '../assembly/model.ts';
import type { Json, JsonObject } from '../flow/types.ts';
import { type AwsService, ServiceError, targetPrefixes } from '../server/service.ts';
import { decrypt, generateDataKey, newWrappingKey } from './data-keys.ts';
import { signDigest, verifyDigest } from './ecdsa-digest.ts';
import { onceMade } from './files.ts';

const algorithm = 'ECDSA_SHA_256';
const maximumMessageBytes = 4096;
const digestBytes = 32;

export class KeyStore implements AwsService {
  readonly service = 'kms';
  readonly targetPrefix = targetPrefixes.kms;
  readonly operations = ['Sign', 'Verify', 'GetPublicKey', 'DescribeKey', 'GenerateDataKey', 'Decrypt'];
  readonly #dir: string;
  readonly #keys: readonly KeyPairModel[];
  readonly #loaded = new Map<string, KeyObject>();

  constructor(dir: string, keys: readonly KeyPairModel[]) {
    this.#dir = dir;
    this.#keys = keys;
    for (const key of keys) {
      if (key.keyUsage === 'SIGN_VERIFY') this.#privateKey(key);
      else this.#wrappingKey(key);
    }
  }

  handle(operation: string, input: JsonObject): Promise<JsonObject> {
    const key = this.#find(String(input['KeyId']));
    return Promise.resolve(this.#perform(operation, key, input));
  }

  resources(_operation: string, input: JsonObject): string[] {
    const id = String(input['KeyId']);
    return [this.#keys.find((key) => isNamed(key, id))?.arn ?? id];
  }

  #perform(operation: string, key: KeyPairModel, input: JsonObject): JsonObject {
    if (key.keyUsage === 'ENCRYPT_DECRYPT') {
      if (operation === 'GenerateDataKey') return generateDataKey(this.#wrappingKey(key), key.arn, input);
      if (operation === 'Decrypt') return decrypt(this.#wrappingKey(key), key.arn, input);
    }
    const isEncryption = operation === 'GenerateDataKey' || operation === 'Decrypt';
    if (isEncryption !== (key.keyUsage === 'ENCRYPT_DECRYPT'))
      throw new ServiceError('InvalidKeyUsageException', `${key.arn} key usage is ${key.keyUsage}`);
    const common = { KeyId: key.arn, KeySpec: key.keySpec, KeyUsage: key.keyUsage };
    switch (operation) {
      case 'GetPublicKey': {
        const spki = createPublicKey(this.#privateKey(key)).export({ type: 'spki', format: 'der' });
        return {
          ...common,
          PublicKey: spki.toString('base64'),
          CustomerMasterKeySpec: key.keySpec,
          SigningAlgorithms: [algorithm],
        };
      }
      case 'DescribeKey':
        return {
          KeyMetadata: {
            ...common,
            KeyId: key.name,
            Arn: key.arn,
            Enabled: true,
            KeyState: 'Enabled',
            Origin: 'AWS_KMS',
            SigningAlgorithms: [algorithm],
          },
        };
      case 'Sign': {
        const { message, isDigest } = messageOf(input);
        const secret = this.#privateKey(key);
        const signature = isDigest ? signDigest(secret, message) : sign('sha256', message, secret);
        return { KeyId: key.arn, Signature: signature.toString('base64'), SigningAlgorithm: algorithm };
      }
      default: {
        const { message, isDigest } = messageOf(input);
        const signature = bytes(input['Signature'], 'Signature');
        const open = createPublicKey(this.#privateKey(key));
        const valid = isDigest ? verifyDigest(open, message, signature) : verify('sha256', message, open, signature);
        if (!valid)
          throw new ServiceError(
            'KMSInvalidSignatureException',
            'The signature is not valid for this message, key and algorithm',
          );
        return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm: algorithm };
      }
    }
  }

  #privateKey(key: KeyPairModel): KeyObject {
    const known = this.#loaded.get(key.name);
    if (known !== undefined) return known;
    const pem = onceMade(join(this.#dir, `${key.name}.pem`), () =>
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    );
    const loaded = createPrivateKey(pem);
    this.#loaded.set(key.name, loaded);
    return loaded;
  }

  #wrappingKey(key: KeyPairModel): Buffer {
    return Buffer.from(onceMade(join(this.#dir, `${key.name}.key`), newWrappingKey), 'hex');
  }

  #find(id: string): KeyPairModel {
    const found = this.#keys.find((key) => isNamed(key, id));
    if (found !== undefined) return found;
    throw new ServiceError('NotFoundException', `Key '${id}' does not exist`);
  }
}

function isNamed(key: KeyPairModel, id: string): boolean {
  return (
    key.name === id || key.arn === id || key.aliases.includes(id.replace(/^arn:aws:kms:[^:]*:[^:]*:(?=alias\/)/, ''))
  );
}

function bytes(value: Json | undefined, name: string): Buffer {
  if (typeof value === 'string' && value !== '') return Buffer.from(value, 'base64');
  throw new ServiceError('ValidationException', `1 validation error detected: Value at '${name}' must not be empty`);
}

function messageOf(input: JsonObject): { message: Buffer; isDigest: boolean } {
  if (input['SigningAlgorithm'] !== algorithm) {
    throw new ServiceError(
      'InvalidKeyUsageException',
      `SigningAlgorithm is ${input['SigningAlgorithm']}; a key on P-256 signs with ${algorithm}`,
    );
  }
  const message = bytes(input['Message'], 'Message');
  const isDigest = input['MessageType'] === 'DIGEST';
  if (isDigest && message.length !== digestBytes)
    throw new ServiceError('ValidationException', `Digest is invalid length for algorithm ${algorithm}`);
  if (message.length > maximumMessageBytes) {
    throw new ServiceError(
      'ValidationException',
      `Value at 'message' failed to satisfy constraint: Member must have length less than or equal to ${maximumMessageBytes}`,
    );
  }
  return { message, isDigest };
}
