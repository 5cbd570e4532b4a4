/** Typed reading of resolved properties; whatever has the wrong type or value is refused with its place. */
import type { Json, JsonObject } from '../flow/types.ts';
import { AssemblyError } from './errors.ts';

export class Properties {
  readonly logicalId: string;
  readonly type: string;
  readonly #values: JsonObject;
  readonly #path: string;

  constructor(logicalId: string, type: string, values: JsonObject, path = '') {
    this.logicalId = logicalId;
    this.type = type;
    this.#values = values;
    this.#path = path;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== null;
  }

  json(name: string): Json | undefined {
    return this.#values[name] ?? undefined;
  }

  refuse(name: string, problem: string): AssemblyError {
    return new AssemblyError(
      'Unsupported',
      `${this.logicalId} (${this.type}): property ${this.#path}${name} ${problem}. docs/generated/local-support.md lists what runs on one machine.`,
      { logicalId: this.logicalId },
    );
  }

  text(name: string): string;
  text<T>(name: string, otherwise: T): string | T;
  text<T>(name: string, ...otherwise: [T?]): string | T {
    const value = this.json(name);
    if (value === undefined && otherwise.length > 0) return otherwise[0] as T;
    if (typeof value !== 'string' || value === '')
      throw this.refuse(name, `must be a text, got ${JSON.stringify(value)}`);
    return value;
  }

  oneOf<const T extends string>(name: string, allowed: readonly T[], otherwise?: NoInfer<T>): T {
    const value = this.text(name, otherwise);
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) throw this.refuse(name, `is '${value}'; on one machine it may be ${allowed.join(', ')}`);
    return found;
  }

  /** CloudFormation lets numbers be written as text. */
  number(name: string): number;
  number<T>(name: string, otherwise: T): number | T;
  number<T>(name: string, ...otherwise: [T?]): number | T {
    const value = this.json(name);
    if (value === undefined && otherwise.length > 0) return otherwise[0] as T;
    const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof parsed !== 'number' || !Number.isFinite(parsed)) {
      throw this.refuse(name, `must be a number, got ${JSON.stringify(value)}`);
    }
    return parsed;
  }

  boolean(name: string, otherwise: boolean): boolean {
    const value = this.json(name);
    if (value === undefined) return otherwise;
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw this.refuse(name, `must be true or false, got ${JSON.stringify(value)}`);
  }

  texts(name: string): string[] {
    const value = this.json(name) ?? [];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw this.refuse(name, 'must be a list of texts');
  }

  /** A nested object; one without members where it is absent. */
  object(name: string): Properties {
    const value = this.json(name) ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) throw this.refuse(name, 'must be an object');
    return new Properties(this.logicalId, this.type, value as JsonObject, `${this.#path}${name}.`);
  }

  objects(name: string): Properties[] {
    const value = this.json(name) ?? [];
    if (!Array.isArray(value)) throw this.refuse(name, 'must be a list');
    return value.map((item, at) => {
      if (typeof item !== 'object' || item === null || Array.isArray(item))
        throw this.refuse(`${name}[${at}]`, 'must be an object');
      return new Properties(this.logicalId, this.type, item as JsonObject, `${this.#path}${name}[${at}].`);
    });
  }

  /** The members as they are. */
  all(): JsonObject {
    return this.#values;
  }
}
