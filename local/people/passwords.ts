/** Passwords as scrypt hashes, and what a pool asks of one. */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import type { UserPoolModel } from '../assembly/model.ts';

export const passwordHash = z.strictObject({
  algorithm: z.literal('scrypt'),
  cost: z.int().min(2),
  blockSize: z.int().min(1),
  parallelization: z.int().min(1),
  /** Base64. */
  salt: z.string(),
  key: z.string(),
});
export type PasswordHash = z.infer<typeof passwordHash>;

/** 16 MiB and some 50 ms for each guess. */
const present = { cost: 16_384, blockSize: 8, parallelization: 1 } as const;
const keyBytes = 32;

export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, present);
  return { algorithm: 'scrypt', ...present, salt: salt.toString('base64'), key: key.toString('base64') };
}

/** Takes as long whether it is right or not. */
export async function isPassword(password: string, hash: PasswordHash): Promise<boolean> {
  const { cost, blockSize, parallelization } = hash;
  const key = await derive(password, Buffer.from(hash.salt, 'base64'), { cost, blockSize, parallelization });
  return timingSafeEqual(key, Buffer.from(hash.key, 'base64'));
}

function derive(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, keyBytes, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** What a password lacks, in Cognito's words; `undefined` where the policy takes it. */
export function refusalOf(password: string, policy: UserPoolModel['passwordPolicy']): string | undefined {
  const problems = [
    [password.length < policy.minimumLength, 'Password not long enough'],
    [password.length > 256, 'Password too long'],
    [/^\s|\s$/.test(password), 'Password must not have leading or trailing spaces'],
    [policy.lowercase && !/[a-z]/.test(password), 'Password must have lowercase characters'],
    [policy.uppercase && !/[A-Z]/.test(password), 'Password must have uppercase characters'],
    [policy.digits && !/[0-9]/.test(password), 'Password must have numeric characters'],
    [
      policy.symbols && !/[\^$*.[\]{}()?"!@#%&/\\,><':;|_~`=+\- ]/.test(password),
      'Password must have symbol characters',
    ],
  ] as const;
  const found = problems.find(([isProblem]) => isProblem);
  return found && `Password did not conform with policy: ${found[1]}`;
}
