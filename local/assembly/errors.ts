/** The assembly cannot be run faithfully on one machine; the message names the logical id and what to do. */
export class AssemblyError extends Error {
  readonly code: 'AssemblyMissing' | 'Unsupported' | 'Unresolvable' | 'Parameter';
  readonly retryable = false;
  readonly logicalId: string | undefined;
  constructor(code: AssemblyError['code'], message: string, options: { logicalId?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'AssemblyError';
    this.code = code;
    this.logicalId = options.logicalId;
  }
}
