/** Who gives an order: the name that answers, stops and overrides stand under in the audit. */
import { userInfo } from 'node:os';

/** The account's name, or `operator` where there is none. */
export function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'operator';
  }
}
