/**
 * Evaluates the intrinsic functions of a CloudFormation template, lazily: a resource's name is worked out when somebody
 * refers to it. Whatever is not understood is refused with the place where it stands, never passed on as it is.
 */
import type { Json, JsonObject } from '../flow/types.ts';
import { AssemblyError } from './errors.ts';

/** What the template's resources answer to `Ref` and `Fn::GetAtt`. */
export interface ResourceLookup {
  /** Undefined where no such resource stands in the template. */
  ref(logicalId: string): string | undefined;
  attribute(logicalId: string, attribute: string): string | undefined;
}

export interface Scope {
  readonly pseudo: Readonly<Record<string, Json>>;
  readonly parameters: Readonly<Record<string, Json>>;
  readonly mappings: JsonObject;
  readonly conditions: JsonObject;
  readonly resources: ResourceLookup;
}

/** Marks a property that `AWS::NoValue` takes away. */
const noValue = Symbol('AWS::NoValue');
type Value = Json | typeof noValue;

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Resolves everything inside `value`; `where` names the place for messages, `MyQueue.Properties.Name` for instance. */
export class Resolver {
  readonly #scope: Scope;
  readonly #conditions = new Map<string, boolean | 'pending'>();

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** @throws AssemblyError where an intrinsic is unknown, malformed or refers to nothing */
  resolve(value: Json, where: string): Json {
    const resolved = this.#value(value, where);
    return resolved === noValue ? null : resolved;
  }

  /** As `resolve`, for a whole object whose members `AWS::NoValue` may take away. */
  resolveObject(value: JsonObject, where: string): JsonObject {
    const resolved = this.resolve(value, where);
    if (!isObject(resolved)) throw this.#refuse(where, 'must be an object');
    return resolved;
  }

  /** Value of a condition of the template. */
  condition(name: string, where = `Conditions.${name}`): boolean {
    const known = this.#conditions.get(name);
    if (known === 'pending') throw this.#refuse(where, `condition '${name}' refers to itself`);
    if (known !== undefined) return known;
    const expression = this.#scope.conditions[name];
    if (expression === undefined) throw this.#refuse(where, `there is no condition '${name}'`);
    this.#conditions.set(name, 'pending');
    const result = this.#boolean(expression, `Conditions.${name}`);
    this.#conditions.set(name, result);
    return result;
  }

  #refuse(where: string, problem: string): AssemblyError {
    return new AssemblyError('Unresolvable', `${where}: ${problem}`, { logicalId: where.split('.')[0]! });
  }

  #value(value: Json, where: string): Value {
    if (typeof value === 'string') {
      if (value.includes('{{resolve:')) {
        throw this.#refuse(
          where,
          'dynamic references ({{resolve:…}}) are not supported; pass the value as a parameter',
        );
      }
      return value;
    }
    if (Array.isArray(value)) {
      return value.map((each, at) => this.#value(each, `${where}[${at}]`)).filter((each) => each !== noValue);
    }
    if (!isObject(value)) return value;
    const keys = Object.keys(value);
    const [key] = keys;
    if (keys.length === 1 && key !== undefined && (key === 'Ref' || key.startsWith('Fn::'))) {
      return this.#intrinsic(key, value[key]!, where);
    }
    const result: JsonObject = {};
    for (const [name, member] of Object.entries(value)) {
      const resolved = this.#value(member, `${where}.${name}`);
      if (resolved !== noValue) result[name] = resolved;
    }
    return result;
  }

  #intrinsic(name: string, argument: Json, where: string): Value {
    switch (name) {
      case 'Ref':
        return this.#ref(this.#string(argument, `${where}.Ref`), where);
      case 'Fn::GetAtt':
        return this.#getAtt(argument, where);
      case 'Fn::Sub':
        return this.#sub(argument, where);
      case 'Fn::Join':
        return this.#join(argument, where);
      case 'Fn::Select':
        return this.#select(argument, where);
      case 'Fn::Split':
        return this.#split(argument, where);
      case 'Fn::If': {
        const [condition, yes, no] = this.#list(argument, where, 3);
        const chosen = this.condition(this.#string(condition!, where), where) ? yes! : no!;
        return this.#value(chosen, where);
      }
      case 'Fn::FindInMap':
        return this.#findInMap(argument, where);
      case 'Fn::Base64':
        return Buffer.from(this.#string(argument, where)).toString('base64');
      case 'Fn::Equals':
      case 'Fn::And':
      case 'Fn::Or':
      case 'Fn::Not':
        throw this.#refuse(where, `${name} is allowed in Conditions only`);
      default:
        throw this.#refuse(where, `${name} is not supported on one machine`);
    }
  }

  #string(value: Json, where: string): string {
    const resolved = this.#value(value, where);
    if (typeof resolved === 'string') return resolved;
    if (typeof resolved === 'number' || typeof resolved === 'boolean') return String(resolved);
    throw this.#refuse(where, `must be a text, got ${describe(resolved)}`);
  }

  #list(value: Json, where: string, length: number): Json[] {
    if (Array.isArray(value) && value.length === length) return value;
    throw this.#refuse(where, `must be a list of ${length}, got ${describe(value)}`);
  }

  #ref(name: string, where: string): Value {
    if (name === 'AWS::NoValue') return noValue;
    const own = Object.hasOwn(this.#scope.pseudo, name) ? this.#scope.pseudo : this.#scope.parameters;
    const known = Object.hasOwn(own, name) ? own[name] : this.#scope.resources.ref(name);
    if (known === undefined) throw this.#refuse(where, `Ref names '${name}', which is neither parameter nor resource`);
    return known;
  }

  #getAtt(argument: Json, where: string): Value {
    const parts = typeof argument === 'string' ? argument.split(/\.(.*)/s, 2) : argument;
    const [logicalId, attribute] = this.#list(parts, where, 2);
    const id = this.#string(logicalId!, where);
    const name = this.#string(attribute!, where);
    const value = this.#scope.resources.attribute(id, name);
    if (value === undefined)
      throw this.#refuse(where, `Fn::GetAtt names '${id}.${name}', which is not in the template`);
    return value;
  }

  #sub(argument: Json, where: string): Value {
    const [template, own] = Array.isArray(argument) ? this.#list(argument, where, 2) : [argument, {}];
    if (typeof template !== 'string' || !isObject(own))
      throw this.#refuse(where, 'Fn::Sub takes a text, or a text and a map');
    return template.replaceAll(/\$\{(!?)([^}]*)\}/g, (_, literal: string, name: string) => {
      if (literal === '!') return `\${${name}}`;
      const trimmed = name.trim();
      if (Object.hasOwn(own, trimmed)) return this.#string(own[trimmed]!, where);
      const found = trimmed.includes('.') ? this.#getAtt(trimmed, where) : this.#ref(trimmed, where);
      if (typeof found === 'string' || typeof found === 'number') return String(found);
      throw this.#refuse(where, `\${${trimmed}} is not a text`);
    });
  }

  #join(argument: Json, where: string): Value {
    const [separator, parts] = this.#list(argument, where, 2);
    const list = this.#value(parts!, where);
    if (typeof separator !== 'string' || !Array.isArray(list))
      throw this.#refuse(where, 'Fn::Join takes a separator and a list');
    return list.map((part, at) => this.#string(part, `${where}[${at}]`)).join(separator);
  }

  #select(argument: Json, where: string): Value {
    const [index, values] = this.#list(argument, where, 2);
    const at = Number(this.#string(index!, where));
    const list = this.#value(values!, where);
    if (!Array.isArray(list)) throw this.#refuse(where, 'Fn::Select takes an index and a list');
    const chosen = list[at];
    if (!Number.isInteger(at) || chosen === undefined) {
      throw this.#refuse(where, `Fn::Select asks for element ${at} of ${list.length}`);
    }
    return chosen;
  }

  #split(argument: Json, where: string): Value {
    const [separator, text] = this.#list(argument, where, 2);
    if (typeof separator !== 'string' || separator === '')
      throw this.#refuse(where, 'Fn::Split takes a separator and a text');
    return this.#string(text!, where).split(separator);
  }

  #findInMap(argument: Json, where: string): Value {
    const keys = this.#list(argument, where, 3).map((key) => this.#string(key, where));
    let found: Json | undefined = this.#scope.mappings;
    for (const key of keys) found = isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
    if (found === undefined) throw this.#refuse(where, `Fn::FindInMap finds nothing at ${keys.join('.')}`);
    return found;
  }

  #boolean(expression: Json, where: string): boolean {
    const keys = isObject(expression) ? Object.keys(expression) : [];
    if (!isObject(expression) || keys.length !== 1) throw this.#refuse(where, 'a condition is one condition function');
    const [key] = keys as [string];
    const argument = expression[key]!;
    const list = (low: number, high: number): Json[] => {
      if (Array.isArray(argument) && argument.length >= low && argument.length <= high) return argument;
      throw this.#refuse(where, `${key} takes ${low === high ? low : `${low} to ${high}`} arguments`);
    };
    switch (key) {
      case 'Condition':
        return this.condition(this.#string(argument, where), where);
      case 'Fn::Equals': {
        const [left, right] = list(2, 2);
        return this.#string(left!, where) === this.#string(right!, where);
      }
      case 'Fn::Not':
        return !this.#boolean(list(1, 1)[0]!, where);
      case 'Fn::And':
        return list(2, 10).every((each) => this.#boolean(each, where));
      case 'Fn::Or':
        return list(2, 10).some((each) => this.#boolean(each, where));
      default:
        throw this.#refuse(where, `condition function ${key} is not supported`);
    }
  }
}

function describe(value: Value): string {
  if (value === noValue) return 'AWS::NoValue';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return value === null ? 'null' : typeof value === 'object' ? 'an object' : JSON.stringify(value);
}
