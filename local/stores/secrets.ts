/** Secrets Manager's reading half: each secret a file that only its owner may read, made at the first start. */
import { randomInt } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { SecretModel } from '../assembly/model.ts';
import type { JsonObject } from '../flow/types.ts';
import { type AwsService, ServiceError, targetPrefixes } from '../server/service.ts';
import { onceMade } from './files.ts';

export class SecretStore implements AwsService {
  readonly service = 'secretsmanager';
  readonly targetPrefix = targetPrefixes.secretsmanager;
  readonly operations = ['GetSecretValue'];
  readonly #dir: string;
  readonly #secrets: readonly SecretModel[];

  constructor(dir: string, secrets: readonly SecretModel[]) {
    this.#dir = dir;
    this.#secrets = secrets;
    for (const secret of secrets) this.value(secret.name);
  }

  /** @throws ServiceError `ResourceNotFoundException` */
  value(nameOrArn: string): string {
    const { name, fixed, generate } = this.#find(nameOrArn);
    return onceMade(this.#file(name), () => fixed ?? randomText(generate.length, generate.alphabet));
  }

  handle(_operation: string, input: JsonObject): Promise<JsonObject> {
    const secret = this.#find(String(input['SecretId']));
    const stage = input['VersionStage'] ?? 'AWSCURRENT';
    if (stage !== 'AWSCURRENT' || input['VersionId'] !== undefined) {
      throw new ServiceError(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for staging label: ${stage}`,
      );
    }
    return Promise.resolve({
      ARN: secret.arn,
      Name: secret.name,
      SecretString: this.value(secret.name),
      VersionStages: ['AWSCURRENT'],
      CreatedDate: statSync(this.#file(secret.name)).mtimeMs / 1000,
    });
  }

  resources(_operation: string, input: JsonObject): string[] {
    const id = String(input['SecretId']);
    return [this.#secrets.find((secret) => [secret.name, secret.arn].includes(id))?.arn ?? id];
  }

  #file(name: string): string {
    return join(this.#dir, encodeURIComponent(name));
  }

  #find(nameOrArn: string): SecretModel {
    const found = this.#secrets.find((secret) =>
      [secret.name, secret.arn, secret.arn.slice(0, -7)].includes(nameOrArn),
    );
    if (found !== undefined) return found;
    throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }
}

function randomText(length: number, alphabet: string): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}
