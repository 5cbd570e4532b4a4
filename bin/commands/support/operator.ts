/**
 * Who gives an order: the name that answers, stops and resumes stand under in the audit. It is a statement of whoever
 * may run the command, the account's name unless `--by` says otherwise. Commands learn it only here.
 */
import { userInfo } from 'node:os';
import type { Command } from 'commander';

export interface OperatorOption {
  readonly by: string;
}

/** Adds `--by`. */
export const withOperator = (command: Command, what = 'who'): Command =>
  command.option('--by <name>', what, operatorName());

/** The one who gives the order. */
export const operatorOf = ({ by }: OperatorOption): string => by.trim();

/** The account's name, or `operator` where there is none. */
export function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'operator';
  }
}
