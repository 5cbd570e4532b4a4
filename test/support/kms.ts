/** KMS at the SDK's edge: data keys that open only with the encryption context they were made for. */
import { randomBytes } from 'node:crypto';
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';

const keys = new Map<string, { plain: Uint8Array; context: string }>();

export function fakeKms() {
  const kms = mockClient(KMSClient);
  kms.on(GenerateDataKeyCommand).callsFake(({ EncryptionContext }) => {
    const plain = Uint8Array.from(randomBytes(32));
    const blob = randomBytes(48);
    keys.set(blob.toString('hex'), { plain, context: JSON.stringify(EncryptionContext) });
    return { Plaintext: plain, CiphertextBlob: Uint8Array.from(blob) };
  });
  kms.on(DecryptCommand).callsFake(({ CiphertextBlob, EncryptionContext }) => {
    const key = keys.get(Buffer.from(CiphertextBlob).toString('hex'));
    if (key?.context !== JSON.stringify(EncryptionContext)) throw new Error('InvalidCiphertextException');
    return { Plaintext: key.plain };
  });
  return kms;
}
