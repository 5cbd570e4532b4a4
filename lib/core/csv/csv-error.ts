/** An input file is not what it must be. */
export class CsvError extends Error {
  readonly code = 'BAD_INPUT';
  readonly retryable = false;
  readonly file: string;
  /** From 1, the header is line 1; 0 where the whole file is meant. */
  readonly line: number;

  constructor(file: string, line: number, message: string) {
    super(`${file}${line > 0 ? `:${line}` : ''}: ${message}`);
    this.name = 'CsvError';
    this.file = file;
    this.line = line;
  }
}

/** Rows stand in no order: whoever can hold all of them may put them in order. */
export class DisorderError extends CsvError {
  constructor(file: string, line: number, message: string) {
    super(file, line, message);
    this.name = 'DisorderError';
  }
}
