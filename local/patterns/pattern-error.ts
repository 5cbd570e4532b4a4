/**
 * An event pattern that EventBridge would refuse. The message says where (`path`, a JSON path such as
 * `$.detail.state[0].numeric[1]`), what was got and what is allowed.
 */
export class PatternError extends Error {
  readonly code = 'InvalidEventPattern';
  readonly retryable = false;
  readonly path: string;
  constructor(path: string, message: string) {
    super(`${path}: ${message}`);
    this.name = 'PatternError';
    this.path = path;
  }
}

/** A value as an error message shows it: JSON, cut where it is long. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
