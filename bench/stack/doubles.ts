/** Makes calls of functions twice at once, as a queue does that delivers one message to two receivers. */
import type { LambdaInvoker } from '../../local/types.ts';

type Invoke = LambdaInvoker['invoke'];

export class Doubles {
  readonly #wanted = new Map<string, number>();
  readonly #onDoubled: (functionName: string) => void;

  constructor(onDoubled: (functionName: string) => void) {
    this.#onDoubled = onDoubled;
  }

  /** The next call of the function is made twice. */
  next(functionName: string): void {
    this.#wanted.set(functionName, (this.#wanted.get(functionName) ?? 0) + 1);
  }

  /** Whoever called hears the first call's answer, and nobody the second's. */
  around(invoke: Invoke): Invoke {
    return async (nameOrArn, payload, given) => {
      const functionName = nameOrArn.replace(/:\$LATEST$/, '').replace(/^.*:/, '');
      const wanted = this.#wanted.get(functionName) ?? 0;
      if (wanted === 0) return await invoke(nameOrArn, payload, given);
      this.#wanted.set(functionName, wanted - 1);
      this.#onDoubled(functionName);
      const first = invoke(nameOrArn, payload, given);
      invoke(nameOrArn, payload, given).catch(() => undefined);
      return await first;
    };
  }
}
