/** A command that cannot do what was asked, for a reason the person can act on. */
export class CommandFailure extends Error {
  readonly exitCode: number;
  /**
   * @param message what is wrong, what was got, what is allowed, what to do: one or two lines
   * @param exitCode 1: it failed; 2: the input was wrong
   */
  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
  }
}
