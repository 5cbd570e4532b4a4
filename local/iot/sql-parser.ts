/**
 * Parses the subset of AWS IoT SQL that the runtime runs: `SELECT items [FROM 'filter'] [WHERE condition]`, with
 * property paths, literals, comparisons, AND, OR, NOT and the functions of `functionArity`. Anything else is refused
 * with its position, so that a rule is never evaluated differently than in AWS.
 */
export type Literal = string | number | boolean | null;

export type Expression =
  | { readonly kind: 'literal'; readonly value: Literal }
  | { readonly kind: 'path'; readonly steps: readonly (string | number)[] }
  | { readonly kind: 'whole' }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly args: readonly Expression[] }
  | { readonly kind: 'not'; readonly of: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    };

export type BinaryOperator = 'AND' | 'OR' | '=' | '<>' | '<' | '<=' | '>' | '>=';
export type FunctionName = 'encode' | 'topic' | 'timestamp' | 'clientid' | 'newuuid';

export interface SelectItem {
  readonly expression: Expression;
  /** Key in the result; undefined for `*`. */
  readonly name: string | undefined;
}

export interface Statement {
  readonly items: readonly SelectItem[];
  /** Topic filter of FROM; undefined for rules that only Basic Ingest reaches. */
  readonly filter: string | undefined;
  readonly where: Expression | undefined;
}

/** The statement is invalid or uses what is not supported; `position` counts characters from 1. */
export class SqlError extends Error {
  readonly code = 'SqlParseException';
  readonly retryable = false;
  readonly position: number;
  constructor(message: string, position: number) {
    super(`IoT SQL, character ${position}: ${message}`);
    this.name = 'SqlError';
    this.position = position;
  }
}

/** Number of arguments, least and most. */
const functionArity: Record<FunctionName, readonly [number, number]> = {
  encode: [2, 2],
  topic: [0, 1],
  timestamp: [0, 0],
  clientid: [0, 0],
  newuuid: [0, 0],
};

interface Token {
  readonly kind: 'word' | 'string' | 'number' | 'symbol' | 'end';
  readonly text: string;
  readonly position: number;
}

const tokenPattern = /\s+|'((?:[^']|'')*)'|(\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|(<>|<=|>=|[=<>(),.*[\]-])/y;
const keywords = new Set(['SELECT', 'FROM', 'WHERE', 'AS', 'AND', 'OR', 'NOT', 'TRUE', 'FALSE', 'NULL']);
const maxLength = 256 * 1024;
const maxDepth = 50;

/** @throws SqlError */
export function parseSql(text: string): Statement {
  const parser = new Parser(text);
  const statement = parser.statement();
  parser.expectEnd();
  return statement;
}

/** Parses a lone expression, as in a substitution template. @throws SqlError */
export function parseExpression(text: string): Expression {
  const parser = new Parser(text);
  const expression = parser.expression();
  parser.expectEnd();
  return expression;
}

function tokenize(text: string): Token[] {
  if (text.length > maxLength) throw new SqlError(`longer than ${maxLength} characters`, maxLength);
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(text);
    const position = at + 1;
    if (match === null) {
      const unclosed = text[at] === "'";
      throw new SqlError(unclosed ? 'this string is not closed' : `'${text[at]}' is not supported here`, position);
    }
    at = tokenPattern.lastIndex;
    const [, string, number, word, symbol] = match;
    if (string !== undefined) tokens.push({ kind: 'string', text: string.replaceAll("''", "'"), position });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, position });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, position });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, position });
  }
  tokens.push({ kind: 'end', text: 'the end', position: text.length + 1 });
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  statement(): Statement {
    this.#keyword('SELECT');
    const items = [this.#item()];
    while (this.#take(',')) items.push(this.#item());
    let filter: string | undefined;
    if (this.#takeKeyword('FROM')) {
      const token = this.#next();
      if (token.kind !== 'string')
        throw new SqlError(`FROM needs a topic filter in single quotes, not ${token.text}`, token.position);
      checkFilter(token);
      filter = token.text;
    }
    const where = this.#takeKeyword('WHERE') ? this.expression() : undefined;
    return { items, filter, where };
  }

  expression(): Expression {
    if (++this.#depth > maxDepth) throw new SqlError(`nested more than ${maxDepth} deep`, this.#peek().position);
    let left = this.#conjunction();
    while (this.#takeKeyword('OR')) left = { kind: 'binary', operator: 'OR', left, right: this.#conjunction() };
    this.#depth--;
    return left;
  }

  expectEnd(): void {
    const token = this.#peek();
    if (token.kind !== 'end') throw new SqlError(`'${token.text}' is not supported here`, token.position);
  }

  #item(): SelectItem {
    const start = this.#peek();
    if (this.#take('*')) return { expression: { kind: 'whole' }, name: undefined };
    const expression = this.expression();
    if (this.#takeKeyword('AS')) return { expression, name: this.#name() };
    const last = expression.kind === 'path' ? expression.steps.at(-1) : undefined;
    if (typeof last === 'string') return { expression, name: last };
    throw new SqlError('this needs a name: AS name', start.position);
  }

  #conjunction(): Expression {
    let left = this.#negation();
    while (this.#takeKeyword('AND')) left = { kind: 'binary', operator: 'AND', left, right: this.#negation() };
    return left;
  }

  #negation(): Expression {
    if (!this.#takeKeyword('NOT')) return this.#comparison();
    if (++this.#depth > maxDepth) throw new SqlError(`nested more than ${maxDepth} deep`, this.#peek().position);
    const of = this.#negation();
    this.#depth--;
    return { kind: 'not', of };
  }

  #comparison(): Expression {
    const left = this.#primary();
    const token = this.#peek();
    if (token.kind !== 'symbol' || !['=', '<>', '<', '<=', '>', '>='].includes(token.text)) return left;
    this.#at++;
    return { kind: 'binary', operator: token.text as BinaryOperator, left, right: this.#primary() };
  }

  #primary(): Expression {
    const token = this.#next();
    if (token.kind === 'string') return { kind: 'literal', value: token.text };
    if (token.kind === 'number') return { kind: 'literal', value: Number(token.text) };
    if (token.kind === 'symbol' && token.text === '-') {
      const number = this.#next();
      if (number.kind !== 'number') throw new SqlError(`arithmetic is not supported`, token.position);
      return { kind: 'literal', value: -Number(number.text) };
    }
    if (token.kind === 'symbol' && token.text === '(') {
      const inner = this.expression();
      this.#expect(')');
      return inner;
    }
    if (token.kind !== 'word') throw new SqlError(`'${token.text}' is not supported here`, token.position);
    const upper = token.text.toUpperCase();
    if (upper === 'TRUE' || upper === 'FALSE') return { kind: 'literal', value: upper === 'TRUE' };
    if (upper === 'NULL') return { kind: 'literal', value: null };
    if (keywords.has(upper)) throw new SqlError(`${upper} is not expected here`, token.position);
    return this.#take('(') ? this.#call(token) : this.#path(token);
  }

  #call(token: Token): Expression {
    const name = token.text.toLowerCase();
    if (!isFunction(name)) {
      const known = Object.keys(functionArity).join(', ');
      throw new SqlError(`the function ${token.text} is not supported; supported are ${known}`, token.position);
    }
    const args: Expression[] = [];
    if (!this.#take(')')) {
      do args.push(name === 'encode' && args.length === 0 ? this.#encodable() : this.expression());
      while (this.#take(','));
      this.#expect(')');
    }
    const [least, most] = functionArity[name];
    if (args.length < least || args.length > most) {
      throw new SqlError(
        `${name} takes ${least === most ? least : `${least} to ${most}`} arguments, not ${args.length}`,
        token.position,
      );
    }
    checkArguments(name, args, token.position);
    return { kind: 'call', name, args };
  }

  #encodable(): Expression {
    return this.#take('*') ? { kind: 'whole' } : this.expression();
  }

  #path(first: Token): Expression {
    const steps: (string | number)[] = [first.text];
    for (;;) {
      if (this.#take('.')) {
        steps.push(this.#name());
      } else if (this.#take('[')) {
        const index = this.#next();
        if (index.kind !== 'number' || !/^\d+$/.test(index.text))
          throw new SqlError('an index is a whole number', index.position);
        steps.push(Number(index.text));
        this.#expect(']');
      } else {
        return { kind: 'path', steps };
      }
    }
  }

  #name(): string {
    const token = this.#next();
    if (token.kind !== 'word') throw new SqlError(`a name is expected, not ${token.text}`, token.position);
    return token.text;
  }

  #peek(): Token {
    return this.#tokens[this.#at]!;
  }
  #next(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#at++;
    return token;
  }
  #take(symbol: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'symbol' || token.text !== symbol) return false;
    this.#at++;
    return true;
  }
  #expect(symbol: string): void {
    const token = this.#peek();
    if (!this.#take(symbol)) throw new SqlError(`'${symbol}' is expected, not ${token.text}`, token.position);
  }
  #takeKeyword(keyword: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'word' || token.text.toUpperCase() !== keyword) return false;
    this.#at++;
    return true;
  }
  #keyword(keyword: string): void {
    const token = this.#peek();
    if (!this.#takeKeyword(keyword)) throw new SqlError(`${keyword} is expected, not ${token.text}`, token.position);
  }
}

function isFunction(name: string): name is FunctionName {
  return Object.hasOwn(functionArity, name);
}

function checkArguments(name: FunctionName, args: readonly Expression[], position: number): void {
  const last = args.at(-1);
  if (name === 'encode' && !(last?.kind === 'literal' && last.value === 'base64')) {
    throw new SqlError(`the only encoding supported is 'base64'`, position);
  }
  if (name === 'topic' && last !== undefined) {
    if (last.kind !== 'literal' || typeof last.value !== 'number' || !Number.isInteger(last.value) || last.value < 1) {
      throw new SqlError('topic(n) takes a whole number from 1 on', position);
    }
  }
}

function checkFilter(token: Token): void {
  const levels = token.text.split('/');
  const bad = levels.some((level, index) =>
    level.includes('#') ? level !== '#' || index !== levels.length - 1 : level.includes('+') && level !== '+',
  );
  if (bad || token.text.length === 0 || token.text.length > 256) {
    throw new SqlError(`'${token.text}' is no valid topic filter`, token.position);
  }
}
